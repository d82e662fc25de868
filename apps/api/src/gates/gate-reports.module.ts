import { GatesModule } from '@app/gates';
import { Module } from '@nestjs/common';
import { GateReportsController } from './gate-reports.controller.js';

/** The door for validators that report with the token of their call. */
@Module({ imports: [GatesModule], controllers: [GateReportsController] })
export class GateReportsModule {}
