import { History } from '@app/history';
import { Args, Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Requires } from '../../http/requires.js';
import { AuditEventType, toAuditEvent } from '../audit/audit-event.types.js';
import { toModelVersion } from '../registry/convert.js';
import { ModelVersionType, RegisteredModelType } from '../registry/registry.types.js';
import { toConnection } from '../schema/connection.js';
import { orNull } from '../schema/or-null.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { HolderConnection, HoldersArgs, HolderType, toHolder } from './history.types.js';

/** Who held the targets of a model as of a time. */
@Resolver(() => RegisteredModelType)
export class RegisteredModelHistoryFields {
  constructor(private readonly history: History) {}

  @Requires('EXECUTE', 'READ_AUDIT')
  @ResolveField(() => HolderConnection, {
    nullable: true,
    description:
      'Every alias and stage that a version held as of a time, aliases first. Needs EXECUTE or READ_AUDIT. A move of then that was not committed yet when you ask may still come',
  })
  async holders(@Parent() { source }: RegisteredModelType, @Args() { asOf, ...page }: HoldersArgs) {
    const found = await this.history.holders(source.fullName, asOf, page);
    return toConnection(found, toHolder, () => this.history.countHolders(source.fullName, asOf));
  }
}

@Resolver(() => HolderType)
export class HolderFields {
  @Requires('EXECUTE')
  @ResolveField(() => ModelVersionType, {
    nullable: true,
    description: 'As it is now; null when it was deleted since, or you may not read it',
  })
  async version(@Parent() { source }: HolderType, @Context() { loaders }: GraphqlContext) {
    return source.versionId ? orNull(await loaders.modelVersion.load(source.versionId), toModelVersion) : null;
  }

  @Requires('READ_AUDIT')
  @ResolveField(() => AuditEventType, {
    nullable: true,
    description:
      'What put it there; null without READ_AUDIT, and where its event was written with another instant, as once they were',
  })
  async event(@Parent() { source }: HolderType, @Context() { loaders }: GraphqlContext) {
    return source.eventId ? orNull(await loaders.auditEvent.load(source.eventId), toAuditEvent) : null;
  }
}
