import { Module } from '@nestjs/common';
import { ApprovalsController } from './approvals.controller.js';

/** The addresses that people are sent to when a target is protected. */
@Module({ controllers: [ApprovalsController] })
export class ApprovalsModule {}
