import { AccessModule } from '@app/access';
import { AuditModule } from '@app/audit';
import { type Config, PlatformModule } from '@app/platform';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ApprovalsModule } from './approvals/approvals.module.js';
import { AttestationsModule } from './attestations/attestations.module.js';
import { AuditExportModule } from './audit/audit-export.module.js';
import { AuthModule } from './auth/auth.module.js';
import { DossiersModule } from './dossiers/dossiers.module.js';
import { GateReportsModule } from './gates/gate-reports.module.js';
import { GraphqlModule } from './graphql/graphql.module.js';
import { HttpExceptionFilter } from './http/exception.filter.js';
import { HealthController } from './http/health.controller.js';
import { MlflowModule } from './mlflow/mlflow.module.js';
import { OpenLineageModule } from './openlineage/openlineage.module.js';
import { QueuesModule } from './queues/queues.module.js';

@Module({})
export class AppModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot('api', config),
        AccessModule,
        AuditModule,
        ApprovalsModule,
        AttestationsModule,
        AuditExportModule,
        AuthModule,
        DossiersModule,
        GateReportsModule,
        MlflowModule,
        GraphqlModule,
        OpenLineageModule,
        QueuesModule,
      ],
      controllers: [HealthController],
      providers: [{ provide: APP_FILTER, useClass: HttpExceptionFilter }],
    };
  }
}
