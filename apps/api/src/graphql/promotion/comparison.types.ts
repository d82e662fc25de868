import type { MetricDirection } from '@app/policy';
import { type Comparison, type DeltaVerdict, deltaVerdicts } from '@app/promotion';
import { type SignatureChangeKind, signatureChangeKinds } from '@app/registry';
import { Field, Float, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { enumOf } from '../schema/enum.js';
import { MetricDirectionEnum } from './gate-configuration.types.js';

export const DeltaVerdictEnum = enumOf<DeltaVerdict>(deltaVerdicts);
registerEnumType(DeltaVerdictEnum, {
  name: 'DeltaVerdict',
  description: 'Of head, held against base',
  valuesMap: {
    CHANGED: { description: 'No gate says whether higher or lower is better' },
    MISSING: { description: 'One of the two has no value' },
  },
});
export const SignatureChangeKindEnum = enumOf<SignatureChangeKind>(signatureChangeKinds);
registerEnumType(SignatureChangeKindEnum, { name: 'SignatureChangeKind' });

const left = 'null where base has none';
const right = 'null where head has none';

@InputType('ModelVersionRef', { description: 'A version by its natural key' })
export class ModelVersionRef {
  @Field({ description: 'catalog.schema.model' })
  model: string;
  @Field(() => Int)
  number: number;
}

@ObjectType('ComparedDataset')
export class ComparedDatasetType {
  @Field()
  name: string;
  @Field()
  digest: string;
}

@ObjectType('ComparedVersion', { description: 'One of the two, as it was when they were compared' })
export class ComparedVersionType {
  @Field()
  modelFullName: string;
  @Field(() => Int)
  number: number;
  @Field(() => String, { nullable: true })
  artifactDigest: string | null;
  @Field(() => Float, { nullable: true, description: 'Bytes of all files' })
  artifactSize: number | null;
  @Field(() => Int, { description: 'How many' })
  files: number;
  @Field(() => String, { nullable: true })
  runId: string | null;
  @Field(() => String, { nullable: true })
  sourceCommit: string | null;
  @Field(() => [ComparedDatasetType], { description: 'That its run has read' })
  datasets: ComparedDatasetType[];
}

@ObjectType('MetricDelta')
export class MetricDeltaType {
  @Field()
  name: string;
  @Field(() => Float, { nullable: true, description: `${left}, and for NaN and the infinities` })
  base: number | null;
  @Field(() => Float, { nullable: true, description: `${right}, and for NaN and the infinities` })
  head: number | null;
  @Field(() => Float, { nullable: true, description: 'head - base' })
  delta: number | null;
  @Field(() => Float, { nullable: true, description: 'The same as a part of base' })
  relative: number | null;
  @Field(() => MetricDirectionEnum, { nullable: true, description: 'As the gates of the request say; otherwise null' })
  direction: MetricDirection | null;
  @Field(() => DeltaVerdictEnum)
  verdict: DeltaVerdict;
  @Field(() => Boolean, {
    nullable: true,
    description: 'Measured on one dataset, by name and digest; null where neither names one',
  })
  sameDataset: boolean | null;
}

@ObjectType('SignatureChange')
export class SignatureChangeType {
  @Field({ description: 'inputs.address.zip; [] is the element of an array, {} the value of a map' })
  path: string;
  @Field(() => SignatureChangeKindEnum)
  kind: SignatureChangeKind;
  @Field(() => String, { nullable: true })
  before: string | null;
  @Field(() => String, { nullable: true })
  after: string | null;
  @Field()
  breaking: boolean;
}

@ObjectType('SignatureDiff')
export class SignatureDiffType {
  @Field({ description: 'Who calls base can call head' })
  compatible: boolean;
  @Field(() => [SignatureChangeType])
  changes: SignatureChangeType[];
}

@ObjectType('TextDelta', { description: 'A param, or a package, that differs' })
export class TextDeltaType {
  @Field()
  name: string;
  @Field(() => String, { nullable: true, description: left })
  base: string | null;
  @Field(() => String, { nullable: true, description: right })
  head: string | null;
}

@ObjectType('FileDelta', { description: 'A file that differs' })
export class FileDeltaType {
  @Field()
  path: string;
  @Field(() => Float, { nullable: true, description: `Bytes; ${left}` })
  base: number | null;
  @Field(() => Float, { nullable: true, description: `Bytes; ${right}` })
  head: number | null;
}

@ObjectType('ModelVersionComparison', {
  description: 'Two versions held against each other: head, the candidate, against base, the incumbent',
})
export class ModelVersionComparisonType {
  @Field(() => ComparedVersionType)
  base: ComparedVersionType;
  @Field(() => ComparedVersionType)
  head: ComparedVersionType;
  @Field(() => [MetricDeltaType], { description: 'All metrics of both, by name' })
  metrics: MetricDeltaType[];
  @Field(() => SignatureDiffType)
  signature: SignatureDiffType;
  @Field(() => [TextDeltaType])
  params: TextDeltaType[];
  @Field(() => [TextDeltaType], { description: 'What the models need: requirements.txt, or conda.yaml' })
  requirements: TextDeltaType[];
  @Field(() => [FileDeltaType])
  files: FileDeltaType[];
  @Field({ description: 'Both runs have read the same datasets' })
  sameDatasets: boolean;
  @Field()
  sameCommit: boolean;
  @Field(() => Int, { description: 'Entries of all lists that were left out, because a list has more than 500' })
  omitted: number;
}

const finite = (value: number | string | null): number | null => (typeof value === 'number' ? value : null);

export const toComparison = ({ metrics, omitted, ...comparison }: Comparison): ModelVersionComparisonType => ({
  ...comparison,
  metrics: metrics.map((metric) => ({ ...metric, base: finite(metric.base), head: finite(metric.head) })),
  omitted: Object.values(omitted).reduce((sum, count) => sum + count, 0),
});
