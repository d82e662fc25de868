import { ArtifactsModule } from '@app/artifacts';
import { OutboundModule } from '@app/outbound';
import { PolicyModule } from '@app/policy';
import { RegistryModule } from '@app/registry';
import { TrackingModule } from '@app/tracking';
import { Module } from '@nestjs/common';
import { GateReports } from './external/gate-reports.service.js';
import { ValidatorCallRepository } from './external/validator-call.repository.js';
import { ValidatorCalls } from './external/validator-calls.service.js';
import { GateInputs } from './gate-input.js';
import { GateRunRepository } from './gate-run.repository.js';
import { GateRuns } from './gate-runs.service.js';
import { HoldoutScoring } from './holdout/holdout-scoring.js';
import { Isolation } from './holdout/isolation.js';
import { Judgements } from './judgements.service.js';

@Module({
  imports: [ArtifactsModule, OutboundModule, PolicyModule, RegistryModule, TrackingModule],
  providers: [
    GateInputs,
    GateReports,
    GateRunRepository,
    GateRuns,
    HoldoutScoring,
    Isolation,
    Judgements,
    ValidatorCallRepository,
    ValidatorCalls,
  ],
  exports: [GateReports, GateRuns],
})
export class GatesModule {}
