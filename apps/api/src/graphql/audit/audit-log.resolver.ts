import { AuditAnchors, LogVerification, Proofs } from '@app/transparency';
import { Args, Context, Int, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Inherits, Open, Requires } from '../../http/requires.js';
import { keyOf } from '../schema/node.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { AuditAnchorKind, AuditAnchorType } from './audit-anchor.types.js';
import { AuditEventType } from './audit-event.types.js';
import {
  AuditCheckpointType,
  AuditConsistencyProofArgs,
  AuditConsistencyProofType,
  AuditInclusionProofType,
  AuditVerificationArgs,
  AuditVerificationType,
  toCheckpoint,
  toConsistencyProof,
  toInclusionProof,
  toVerification,
} from './audit-log.types.js';

/** The audit trail as a transparency log: what was signed of it, and proofs against that. */
@Resolver(() => AuditCheckpointType)
export class AuditLogResolver {
  constructor(
    private readonly anchors: AuditAnchors,
    private readonly proofs: Proofs,
    private readonly verification: LogVerification,
  ) {}

  @Requires('READ_AUDIT')
  @Query(() => AuditCheckpointType, { description: 'Needs READ_AUDIT on the metastore' })
  async auditCheckpoint(
    @Args('treeSize', { type: () => Int, nullable: true, description: 'The newest when left out' })
    treeSize?: number | null,
  ): Promise<AuditCheckpointType> {
    return toCheckpoint(await this.proofs.checkpoint(treeSize ?? undefined));
  }

  @Requires('READ_AUDIT')
  @Query(() => AuditConsistencyProofType, { description: 'Needs READ_AUDIT on the metastore' })
  async auditConsistencyProof(@Args() { from, to }: AuditConsistencyProofArgs): Promise<AuditConsistencyProofType> {
    return toConsistencyProof(await this.proofs.consistency(from, to ?? undefined));
  }

  @Requires('READ_AUDIT')
  @Query(() => AuditVerificationType, {
    description:
      'Computes a part of the log again and holds it against what was signed. Needs READ_AUDIT on the metastore',
  })
  async auditVerification(@Args() { from, to }: AuditVerificationArgs): Promise<AuditVerificationType> {
    return toVerification(await this.verification.verify(from, to ?? undefined));
  }

  @Requires('READ_AUDIT')
  @Query(() => [AuditAnchorType], {
    description: 'Where checkpoints are kept beside the database. Needs READ_AUDIT on the metastore',
  })
  async auditAnchors(): Promise<AuditAnchorType[]> {
    return (await this.anchors.list()).map((anchor) => ({ ...anchor, kind: AuditAnchorKind[anchor.kind] }));
  }

  @Open('public keys are known to all')
  @ResolveField(() => String, {
    description:
      'The public key that signed it, as verifiers of signed notes take it: name+id+key (https://c2sp.org/signed-note)',
  })
  verifierKey(@Parent() { source }: AuditCheckpointType): Promise<string> {
    return this.proofs.verifierKeyOf(source);
  }
}

@Resolver(() => AuditEventType)
export class AuditEventLogFields {
  constructor(private readonly proofs: Proofs) {}

  @Inherits('READ_AUDIT')
  @ResolveField(() => Int, {
    nullable: true,
    description: 'Its number in the audit log; null for some seconds, until it is sealed',
  })
  async sequence(@Parent() { id }: AuditEventType, @Context() { loaders }: GraphqlContext): Promise<number | null> {
    return (await loaders.sequenceOfEvent.load(keyOf('AuditEvent', id)))?.sequence ?? null;
  }

  @Requires('READ_AUDIT')
  @ResolveField(() => AuditInclusionProofType, { description: 'An error until the event is sealed' })
  async inclusionProof(
    @Parent() { id }: AuditEventType,
    @Args('treeSize', {
      type: () => Int,
      nullable: true,
      description: 'The checkpoint to prove it against; the newest when left out',
    })
    treeSize?: number | null,
  ): Promise<AuditInclusionProofType> {
    return toInclusionProof(await this.proofs.inclusion(keyOf('AuditEvent', id), treeSize ?? undefined));
  }
}
