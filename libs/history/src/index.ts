export { type ChangeAspect, type ChangeEvent, changeAspects, type NetChange } from './change.js';
export { Changes } from './changes.service.js';
export { HistoryModule } from './history.module.js';
export { History } from './history.service.js';
export type { Holder } from './holder.js';
export type { PastGrant, PastPolicy, PastSecurable } from './securable-state.js';
