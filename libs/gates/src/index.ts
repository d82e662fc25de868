export { GateReports } from './gate-reports.service.js';
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
export { gatesIdentity } from './gates-identity.js';
export type { ValidatorCall } from './validator-call.repository.js';
