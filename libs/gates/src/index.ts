export { cardFiles, largestCard, writtenSections } from './card-sections.js';
export { GateReports } from './external/gate-reports.service.js';
export { gatesIdentity } from './external/gates-identity.js';
export type { ValidatorCall } from './external/validator-call.repository.js';
export {
  type GateLogLine,
  type GateRun,
  type GateStatus,
  gateStatuses,
  isBlocking,
  isFinished,
  type Judgement,
} from './gate-run.js';
export { GateRuns } from './gate-runs.service.js';
export { gateRunFinished, gateRunQueued } from './gates.events.js';
export { GatesModule } from './gates.module.js';
