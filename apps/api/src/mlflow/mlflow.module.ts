import { ArtifactsModule } from '@app/artifacts';
import { IdentityModule } from '@app/identity';
import { LineageModule } from '@app/lineage';
import { NamespaceModule } from '@app/namespace';
import { PromotionModule } from '@app/promotion';
import { RegistryModule } from '@app/registry';
import { TrackingModule } from '@app/tracking';
import { WebhookModule } from '@app/webhook';
import { Module } from '@nestjs/common';
import { ArtifactsController } from './artifacts/artifacts.controller.js';
import { DirectTransfersController } from './artifacts/direct-transfers.controller.js';
import { ListingsController } from './artifacts/listings.controller.js';
import { RunFileController, RunFilesController, VersionFileController } from './artifacts/run-files.controller.js';
import { CommentsController } from './databricks/comments.controller.js';
import { HostMetadataController } from './databricks/host-metadata.controller.js';
import { RegistryWebhooksController } from './databricks/registry-webhooks.controller.js';
import { TransitionRequestsController } from './databricks/transition-requests.controller.js';
import { WorkspaceModelsController } from './databricks/workspace-models.controller.js';
import { NotOfferedController } from './not-offered.controller.js';
import { ModelNames } from './registry/model-names.js';
import { ModelVersionsController } from './registry/model-versions.controller.js';
import { Prompts } from './registry/prompts.js';
import { RegisteredModelsController } from './registry/registered-models.controller.js';
import { VersionSources } from './registry/version-source.js';
import { ServerInfoController } from './server-info.controller.js';
import { ExperimentsController } from './tracking/experiments.controller.js';
import { LoggedModelsController } from './tracking/logged-models.controller.js';
import { MetricHistoryController } from './tracking/metric-history.controller.js';
import { RunDataController } from './tracking/run-data.controller.js';
import { RunsController } from './tracking/runs.controller.js';
import { VersionController } from './tracking/version.controller.js';
import {
  ExperimentPermissionsController,
  ModelPermissionsController,
  UserPermissionsController,
} from './users/permissions.controller.js';
import { Permissions } from './users/permissions.js';
import { UsersController } from './users/users.controller.js';
import { WebhooksController } from './webhooks/webhooks.controller.js';
import { MlflowWords } from './wire/words.js';

/** The door for MLflow clients: /api/2.0/mlflow, /api/3.0/mlflow, /api/2.0/mlflow-artifacts, and the same below /ajax-api. */
@Module({
  imports: [
    ArtifactsModule,
    IdentityModule,
    LineageModule,
    NamespaceModule,
    PromotionModule,
    RegistryModule,
    TrackingModule,
    WebhookModule,
  ],
  controllers: [
    ArtifactsController,
    CommentsController,
    DirectTransfersController,
    ExperimentPermissionsController,
    ExperimentsController,
    HostMetadataController,
    ListingsController,
    LoggedModelsController,
    MetricHistoryController,
    ModelPermissionsController,
    ModelVersionsController,
    RegisteredModelsController,
    NotOfferedController,
    RegistryWebhooksController,
    RunDataController,
    RunFileController,
    RunFilesController,
    RunsController,
    ServerInfoController,
    TransitionRequestsController,
    UserPermissionsController,
    UsersController,
    VersionController,
    VersionFileController,
    WebhooksController,
    WorkspaceModelsController,
  ],
  providers: [MlflowWords, ModelNames, Permissions, Prompts, VersionSources],
  // GraphQL registers versions too, from the same sources.
  exports: [VersionSources],
})
export class MlflowModule {}
