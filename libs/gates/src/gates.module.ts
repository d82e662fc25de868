import { ArtifactsModule } from '@app/artifacts';
import { RegistryModule } from '@app/registry';
import { TrackingModule } from '@app/tracking';
import { Module } from '@nestjs/common';
import { GateInputs } from './gate-input.js';
import { GateRunRepository } from './gate-run.repository.js';
import { GateRuns } from './gate-runs.service.js';
import { HoldoutScoring } from './holdout-scoring.js';
import { Isolation } from './isolation.js';

@Module({
  imports: [ArtifactsModule, RegistryModule, TrackingModule],
  providers: [GateInputs, GateRunRepository, GateRuns, HoldoutScoring, Isolation],
  exports: [GateRuns],
})
export class GatesModule {}
