import type { Checkpoint, ConsistencyProof, InclusionProof, Verification } from '@app/transparency';
import { ArgsType, Field, Int, ObjectType } from '@nestjs/graphql';

@ObjectType('AuditCheckpoint', {
  description: 'What was signed of the audit log: a C2SP checkpoint (https://c2sp.org/tlog-checkpoint)',
})
export class AuditCheckpointType {
  source: Checkpoint;

  @Field(() => Int, { description: 'Over so many events, from the first one on' })
  treeSize: number;
  @Field({ description: 'The root of the Merkle tree over them (RFC 9162), in base64' })
  rootHash: string;
  @Field({ description: 'The signed note, as verifiers take it' })
  note: string;
  @Field()
  createdAt: Date;
}

@ObjectType('AuditInclusionProof', { description: 'That an event is in the log that a checkpoint was signed of' })
export class AuditInclusionProofType {
  @Field(() => Int)
  sequence: number;
  @Field({ description: 'The event in canonical JSON (RFC 8785): the leaf is the SHA-256 of a zero byte and this' })
  entry: string;
  @Field({ description: 'Base64' })
  leafHash: string;
  @Field(() => [String], { description: 'The path of RFC 9162, 2.1.3, from the leaf up; each in base64' })
  hashes: string[];
  @Field(() => AuditCheckpointType)
  checkpoint: AuditCheckpointType;
}

@ObjectType('AuditConsistencyProof', {
  description: 'That the log of one checkpoint begins with that of an earlier one',
})
export class AuditConsistencyProofType {
  @Field(() => AuditCheckpointType)
  from: AuditCheckpointType;
  @Field(() => AuditCheckpointType)
  to: AuditCheckpointType;
  @Field(() => [String], { description: 'The proof of RFC 9162, 2.1.4; each in base64' })
  hashes: string[];
}

@ObjectType('AuditBadEvent')
export class AuditBadEventType {
  @Field(() => Int)
  sequence: number;
  @Field({ description: 'What is wrong' })
  problem: string;
}

@ObjectType('AuditDeletion', { description: 'Events that are gone by a deletion that the log itself records' })
export class AuditDeletionType {
  @Field(() => Int, { description: 'The number of the event that records it' })
  sequence: number;
  @Field({ description: 'AuditEventClass' })
  eventClass: string;
  @Field()
  deletedBy: string;
  @Field(() => String, { nullable: true })
  reason: string | null;
  @Field(() => Int, { description: 'Events of the part that are gone by it' })
  count: number;
}

@ObjectType('AuditVerification', { description: 'What the service found when it computed its log again' })
export class AuditVerificationType {
  @Field(() => Int)
  from: number;
  @Field(() => Int)
  to: number;
  @Field(() => Int, { description: 'Events that are as they were sealed, before the first that is not' })
  valid: number;
  @Field(() => [AuditDeletionType], { description: 'By which records others are gone' })
  deletions: AuditDeletionType[];
  @Field(() => AuditBadEventType, { nullable: true, description: 'null: all are' })
  firstBad: AuditBadEventType | null;
  @Field(() => AuditCheckpointType, { description: 'The one that covers the last of them' })
  checkpoint: AuditCheckpointType;
}

@ArgsType()
export class AuditVerificationArgs {
  @Field(() => Int, { defaultValue: 1, description: 'The first sequence number' })
  from: number;
  @Field(() => Int, { nullable: true, description: 'The last; when left out the newest, 100,000 events at most' })
  to?: number | null;
}

@ArgsType()
export class AuditConsistencyProofArgs {
  @Field(() => Int, { description: 'The size of the checkpoint that you have' })
  from: number;
  @Field(() => Int, { nullable: true, description: 'That of the later one; the newest when left out' })
  to?: number | null;
}

const base64 = (hash: Buffer): string => hash.toString('base64');

export const toCheckpoint = (source: Checkpoint): AuditCheckpointType => ({
  source,
  treeSize: source.treeSize,
  rootHash: base64(source.rootHash),
  note: source.note,
  createdAt: source.createdAt,
});

export const toInclusionProof = (proof: InclusionProof): AuditInclusionProofType => ({
  ...proof,
  leafHash: base64(proof.leafHash),
  hashes: proof.hashes.map(base64),
  checkpoint: toCheckpoint(proof.checkpoint),
});

export const toConsistencyProof = (proof: ConsistencyProof): AuditConsistencyProofType => ({
  from: toCheckpoint(proof.from),
  to: toCheckpoint(proof.to),
  hashes: proof.hashes.map(base64),
});

export const toVerification = (verification: Verification): AuditVerificationType => ({
  ...verification,
  checkpoint: toCheckpoint(verification.checkpoint),
});
