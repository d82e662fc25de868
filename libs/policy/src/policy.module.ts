import { Module } from '@nestjs/common';
import { Policies } from './policies.service.js';
import { PolicyReader } from './policy.reader.js';
import { PolicyRepository } from './policy.repository.js';

@Module({ providers: [Policies, PolicyReader, PolicyRepository], exports: [Policies, PolicyReader] })
export class PolicyModule {}
