import { Module } from '@nestjs/common';
import { HoldoutDatasets } from './holdout-datasets.js';
import { Policies } from './policies.service.js';
import { PolicyReader } from './policy.reader.js';
import { PolicyRepository } from './policy.repository.js';

@Module({ providers: [HoldoutDatasets, Policies, PolicyReader, PolicyRepository], exports: [Policies, PolicyReader] })
export class PolicyModule {}
