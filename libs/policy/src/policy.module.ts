import { OutboundModule } from '@app/outbound';
import { Module } from '@nestjs/common';
import { HoldoutDatasets } from './holdout-datasets.js';
import { Policies } from './policies.service.js';
import { PolicyReader } from './policy.reader.js';
import { PolicyRepository } from './policy.repository.js';
import { ValidatorRepository } from './validator.repository.js';
import { Validators } from './validators.service.js';

@Module({
  imports: [OutboundModule],
  providers: [HoldoutDatasets, Policies, PolicyReader, PolicyRepository, ValidatorRepository, Validators],
  exports: [Policies, PolicyReader, Validators],
})
export class PolicyModule {}
