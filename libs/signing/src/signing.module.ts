import { Module } from '@nestjs/common';
import { SigningKeyRepository } from './signing-key.repository.js';
import { SigningKeys } from './signing-keys.service.js';

@Module({ providers: [SigningKeyRepository, SigningKeys], exports: [SigningKeys] })
export class SigningModule {}
