import { DossierModule } from '@app/dossier';
import { Module } from '@nestjs/common';
import { DossiersController } from './dossiers.controller.js';
import { GovernanceReportController } from './governance-report.controller.js';

/** The door for auditors' documents. */
@Module({ imports: [DossierModule], controllers: [DossiersController, GovernanceReportController] })
export class DossiersModule {}
