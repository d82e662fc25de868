import type { MetricDirection, SignaturePart } from '@app/policy';
import { Field, Float, InputType, Int } from '@nestjs/graphql';
import { JsonScalar } from '../schema/scalars.js';
import {
  MetricDirectionEnum,
  SignaturePartEnum,
  UnknownFormatsEnum,
  WithoutIncumbentEnum,
} from './gate-configuration.types.js';
import { HoldoutEvaluationInput } from './holdout-evaluation.inputs.js';

const paths =
  'Files or folders; "*" stands for any characters but "/", "?" for one of them, "**" for any folders. At most 100';

@InputType('MetricThresholdInput', { description: 'At least one of min and max; both are inclusive' })
class MetricThresholdInput {
  @Field()
  metric: string;
  @Field(() => Float, { nullable: true })
  min?: number | null;
  @Field(() => Float, { nullable: true })
  max?: number | null;
  @Field(() => String, { nullable: true, description: 'The dataset that the metric must have been measured on' })
  dataset?: string | null;
}

@InputType('MetricRegressionInput', {
  description: 'At least one of maxAbsolute and maxRelative; with both, both must hold. 0 allows no regression',
})
class MetricRegressionInput {
  @Field()
  metric: string;
  @Field(() => MetricDirectionEnum)
  direction: MetricDirection;
  @Field(() => Float, { nullable: true, description: 'How much worse it may be, in the unit of the metric; from 0' })
  maxAbsolute?: number | null;
  @Field(() => Float, {
    nullable: true,
    description: 'The same as a part of the incumbent’s value, 0 to 1: 0.02 is 2 %',
  })
  maxRelative?: number | null;
  @Field(() => String, { nullable: true, description: 'The dataset that both must have been measured on' })
  dataset?: string | null;
  @Field(() => Boolean, {
    nullable: true,
    description: 'Both must have been measured on one dataset, by name and digest; true when left out',
  })
  sameDataset?: boolean | null;
  @Field(() => WithoutIncumbentEnum, {
    nullable: true,
    description: 'The judgement where nobody holds the target; PASS when left out',
  })
  withoutIncumbent?: 'PASS' | 'FAIL' | null;
}

@InputType('SignatureDemandsInput')
class SignatureDemandsInput {
  @Field(() => [SignaturePartEnum], { nullable: true, description: 'Any one of them when left out' })
  requiredParts?: SignaturePart[] | null;
  @Field(() => Boolean, {
    nullable: true,
    description: 'An added optional input is compatible; a removed or retyped column is breaking. true when left out',
  })
  compatibleWithIncumbent?: boolean | null;
}

@InputType('ModelCardDemandsInput')
class ModelCardDemandsInput {
  @Field(() => Int, {
    nullable: true,
    description: 'Characters of the version’s description, or else of its model’s; 0 asks for none, 1 when left out',
  })
  minDescriptionLength?: number | null;
  @Field(() => [String], { nullable: true, description: 'Keys that the version or its model has a value for' })
  tags?: string[] | null;
  @Field(() => [String], {
    nullable: true,
    description:
      'Headings of Markdown with text below them, in a description or in README.md, MODEL_CARD.md or model_card.md',
  })
  sections?: string[] | null;
}

@InputType('LineageDemandsInput', { description: 'All are demanded when left out' })
class LineageDemandsInput {
  @Field(() => Boolean, { nullable: true, description: 'The version names a run' })
  run?: boolean | null;
  @Field(() => Boolean, { nullable: true, description: 'The run has a dataset input with a digest' })
  dataset?: boolean | null;
  @Field(() => Boolean, { nullable: true, description: 'The run has the tag mlflow.source.git.commit' })
  sourceCommit?: boolean | null;
}

@InputType('ArtifactIntegrityInput')
class ArtifactIntegrityInput {
  @Field(() => Float, { nullable: true, description: 'Of all files together' })
  maxBytes?: number | null;
  @Field(() => [String], { nullable: true, description: paths })
  requiredPaths?: string[] | null;
  @Field(() => [String], { nullable: true, description: paths })
  forbiddenPaths?: string[] | null;
}

@InputType('ArtifactScanInput')
class ArtifactScanInput {
  @Field(() => [String], {
    nullable: true,
    description:
      'Imports that pass beside those known to be safe, as module:name, where "*" stands for any characters. What is known to be dangerous passes only when it is named without "*"',
  })
  allow?: string[] | null;
  @Field(() => [String], { nullable: true, description: 'Imports that never pass, whatever else allows them' })
  deny?: string[] | null;
  @Field(() => UnknownFormatsEnum, {
    nullable: true,
    description: 'What to say of binary files of unknown format; FAIL when left out',
  })
  unknownFormats?: 'FAIL' | 'REPORT' | null;
  @Field(() => Float, {
    nullable: true,
    description: 'Bytes that compressed files and archives may unpack to, all together; 16 GiB when left out',
  })
  maxUnpackedBytes?: number | null;
}

@InputType('ExternalValidationInput')
class ExternalValidationInput {
  @Field({ description: 'The name of the validator that judges' })
  validator: string;
  @Field(() => JsonScalar, {
    nullable: true,
    description: 'An object for the validator, which alone knows what it means; at most 16 KiB',
  })
  parameters?: unknown;
  @Field(() => [String], {
    nullable: true,
    description:
      'Metrics of the version and of the incumbent that the validator is told; none when left out, at most 50',
  })
  metrics?: string[] | null;
}

/** One field for the configuration of each type; a gate takes that of its own type only. */
@InputType({ isAbstract: true })
export class GateConfigurationsInput {
  @Field(() => MetricThresholdInput, { nullable: true, description: 'For METRIC_THRESHOLD, which needs it' })
  metricThreshold?: MetricThresholdInput | null;
  @Field(() => MetricRegressionInput, { nullable: true, description: 'For METRIC_REGRESSION, which needs it' })
  metricRegression?: MetricRegressionInput | null;
  @Field(() => SignatureDemandsInput, { nullable: true, description: 'For SIGNATURE' })
  signature?: SignatureDemandsInput | null;
  @Field(() => ModelCardDemandsInput, { nullable: true, description: 'For MODEL_CARD' })
  modelCard?: ModelCardDemandsInput | null;
  @Field(() => LineageDemandsInput, { nullable: true, description: 'For LINEAGE' })
  lineage?: LineageDemandsInput | null;
  @Field(() => ArtifactIntegrityInput, { nullable: true, description: 'For ARTIFACT_INTEGRITY' })
  artifactIntegrity?: ArtifactIntegrityInput | null;
  @Field(() => ArtifactScanInput, { nullable: true, description: 'For ARTIFACT_SCAN' })
  artifactScan?: ArtifactScanInput | null;
  @Field(() => ExternalValidationInput, { nullable: true, description: 'For EXTERNAL, which needs it' })
  external?: ExternalValidationInput | null;
  @Field(() => HoldoutEvaluationInput, { nullable: true, description: 'For HOLDOUT_EVALUATION, which needs it' })
  holdoutEvaluation?: HoldoutEvaluationInput | null;
}
