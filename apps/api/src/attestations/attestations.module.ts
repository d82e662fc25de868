import { PromotionModule } from '@app/promotion';
import { SigningModule } from '@app/signing';
import { Module } from '@nestjs/common';
import { AttestationsController } from './attestations.controller.js';

/** The door for verifiers: statements, and the keys that they are signed with. */
@Module({ imports: [PromotionModule, SigningModule], controllers: [AttestationsController] })
export class AttestationsModule {}
