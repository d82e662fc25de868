import { ArtifactsModule } from '@app/artifacts';
import { PolicyModule } from '@app/policy';
import { Module } from '@nestjs/common';
import { Holdings } from './holding.service.js';
import { ModelRecords } from './model-records.js';
import { ModelVersionReader } from './model-version.reader.js';
import { ModelVersionRepository } from './model-version.repository.js';
import { ModelVersions } from './model-version.service.js';
import { RegisteredModelReader } from './registered-model.reader.js';
import { RegisteredModelRepository } from './registered-model.repository.js';
import { RegisteredModels } from './registered-model.service.js';
import { Registrations } from './registration.service.js';
import { TagRepository } from './tag.repository.js';
import { Tags } from './tag.service.js';
import { TargetRepository } from './target.repository.js';
import { Targets } from './target.service.js';
import { TransitionReader } from './transition.reader.js';
import { TransitionRepository } from './transition.repository.js';
import { VersionFiles } from './version-files.js';
import { VersionRecords } from './version-records.js';

const doors = [
  ModelRecords,
  ModelVersions,
  RegisteredModels,
  Registrations,
  Tags,
  Targets,
  TransitionReader,
  VersionRecords,
];

@Module({
  imports: [ArtifactsModule, PolicyModule],
  providers: [
    ...doors,
    Holdings,
    ModelVersionReader,
    ModelVersionRepository,
    RegisteredModelReader,
    RegisteredModelRepository,
    TagRepository,
    TargetRepository,
    TransitionRepository,
    VersionFiles,
  ],
  exports: doors,
})
export class RegistryModule {}
