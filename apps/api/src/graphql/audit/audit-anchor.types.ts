import { Field, Float, Int, ObjectType, registerEnumType } from '@nestjs/graphql';

export enum AuditAnchorKind {
  FILE = 'FILE',
  S3 = 'S3',
  WEBHOOK = 'WEBHOOK',
}
registerEnumType(AuditAnchorKind, { name: 'AuditAnchorKind' });

@ObjectType('AuditAnchor', {
  description: 'A place outside of the database that signed checkpoints are written to (docs/audit.md)',
})
export class AuditAnchorType {
  @Field(() => AuditAnchorKind)
  kind: AuditAnchorKind;
  @Field({ description: 'A file, a bucket with its prefix, or the origin of a URL' })
  place: string;
  @Field(() => Int, { nullable: true, description: 'The checkpoint that was written last; null: none yet' })
  treeSize: number | null;
  @Field(() => Date, { nullable: true })
  anchoredAt: Date | null;
  @Field(() => Float, { description: 'Since when there is a checkpoint that it does not have; 0: it has the newest' })
  ageSeconds: number;
  @Field(() => String, { nullable: true, description: 'Why the last try failed; null: it did not' })
  error: string | null;
  @Field(() => Date, { nullable: true })
  failedAt: Date | null;
  @Field({ description: 'The log does not go on from what was written: somebody has changed history' })
  inconsistent: boolean;
}
