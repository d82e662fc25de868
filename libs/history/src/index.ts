export { HistoryModule } from './history.module.js';
export { History } from './history.service.js';
export type { Holder } from './holder.js';
export type { PastGrant, PastPolicy, PastSecurable } from './securable-state.js';
