import { Module } from '@nestjs/common';
import { Catalogs } from './catalog.service.js';
import { ContainerReader } from './container.reader.js';
import { Containers } from './container.service.js';
import { DefaultSchema } from './default-schema.service.js';
import { GrantReader } from './grant.reader.js';
import { GrantRepository } from './grant.repository.js';
import { Grants } from './grant.service.js';
import { Metastore } from './metastore.service.js';
import { Schemas } from './schema.service.js';
import { Securables } from './securable.service.js';
import { TagRepository } from './tag.repository.js';

@Module({
  providers: [
    Catalogs,
    ContainerReader,
    Containers,
    DefaultSchema,
    GrantReader,
    GrantRepository,
    Grants,
    Metastore,
    Schemas,
    Securables,
    TagRepository,
  ],
  exports: [Catalogs, DefaultSchema, Grants, Metastore, Schemas, Securables],
})
export class NamespaceModule {}
