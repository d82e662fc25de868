import { ArtifactsModule } from '@app/artifacts';
import { GatesModule } from '@app/gates';
import { LineageModule } from '@app/lineage';
import { PromotionModule } from '@app/promotion';
import { RegistryModule } from '@app/registry';
import { TrackingModule } from '@app/tracking';
import { TransparencyModule } from '@app/transparency';
import { Module } from '@nestjs/common';
import { Dossiers } from './dossiers.service.js';
import { EventParts } from './event-parts.js';
import { GateParts } from './gate-parts.js';
import { GovernanceReportReader } from './governance-report.reader.js';
import { GovernanceReports } from './governance-reports.service.js';
import { OriginParts } from './origin-parts.js';
import { PeopleNames } from './people.js';
import { ReviewParts } from './review-parts.js';
import { VersionParts } from './version-part.js';

@Module({
  imports: [
    ArtifactsModule,
    GatesModule,
    LineageModule,
    PromotionModule,
    RegistryModule,
    TrackingModule,
    TransparencyModule,
  ],
  providers: [
    Dossiers,
    EventParts,
    GateParts,
    GovernanceReportReader,
    GovernanceReports,
    OriginParts,
    PeopleNames,
    ReviewParts,
    VersionParts,
  ],
  exports: [Dossiers, GovernanceReports],
})
export class DossierModule {}
