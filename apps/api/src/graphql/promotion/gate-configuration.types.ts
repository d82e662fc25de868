import { type GateConfig, type GateType, gateTypes, type MetricDirection, type SignaturePart } from '@app/policy';
import { Field, Float, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { enumOf } from '../schema/enum.js';
import { JsonScalar } from '../schema/scalars.js';
import { HoldoutEvaluationType } from './holdout-evaluation.types.js';

export const GateTypeEnum = enumOf<GateType>(gateTypes);
registerEnumType(GateTypeEnum, {
  name: 'GateType',
  description: 'docs/domain.md, section 6',
  valuesMap: {
    METRIC_THRESHOLD: { description: 'A metric of the version’s run against a bound' },
    METRIC_REGRESSION: { description: 'The same metric of candidate and incumbent, and how much worse it may be' },
    SIGNATURE: { description: 'A signature is present, and who calls the incumbent can call the candidate' },
    MODEL_CARD: { description: 'Description, tags and card sections are there' },
    LINEAGE: { description: 'The version has a run, the run a dataset with a digest, and a source commit' },
    ARTIFACT_INTEGRITY: { description: 'The files still have the recorded digest; sizes and paths are as demanded' },
    HOLDOUT_EVALUATION: { description: 'The model is run on a holdout dataset, in a process of its own' },
    ARTIFACT_SCAN: { description: 'Pickles, also in archives, import only what is known to be safe; none is loaded' },
    EXTERNAL: { description: 'What a validator judges: a program that the service asks over HTTP' },
  },
});

export const MetricDirectionEnum = enumOf<MetricDirection>(['HIGHER_IS_BETTER', 'LOWER_IS_BETTER']);
registerEnumType(MetricDirectionEnum, { name: 'MetricDirection' });
export const SignaturePartEnum = enumOf<SignaturePart>(['inputs', 'outputs', 'params']);
registerEnumType(SignaturePartEnum, { name: 'SignaturePart', description: 'As MLflow names them' });
export const WithoutIncumbentEnum = enumOf<'PASS' | 'FAIL'>(['PASS', 'FAIL']);
registerEnumType(WithoutIncumbentEnum, { name: 'WithoutIncumbent' });
export const UnknownFormatsEnum = enumOf<'FAIL' | 'REPORT'>(['FAIL', 'REPORT']);
registerEnumType(UnknownFormatsEnum, {
  name: 'UnknownFormats',
  valuesMap: { REPORT: { description: 'Named in the result, and no reason to fail' } },
});

@ObjectType('MetricThreshold')
export class MetricThresholdType {
  @Field()
  metric: string;
  @Field(() => Float, { nullable: true })
  min?: number;
  @Field(() => Float, { nullable: true })
  max?: number;
  @Field(() => String, { nullable: true, description: 'The dataset that the metric must have been measured on' })
  dataset?: string;
}

@ObjectType('MetricRegression')
export class MetricRegressionType {
  @Field()
  metric: string;
  @Field(() => MetricDirectionEnum)
  direction: MetricDirection;
  @Field(() => Float, { nullable: true, description: 'How much worse it may be, in the unit of the metric' })
  maxAbsolute?: number;
  @Field(() => Float, { nullable: true, description: 'The same as a part of the incumbent’s value: 0.02 is 2 %' })
  maxRelative?: number;
  @Field(() => String, { nullable: true })
  dataset?: string;
  @Field({ description: 'Both must have been measured on one dataset, by name and digest' })
  sameDataset: boolean;
  @Field(() => WithoutIncumbentEnum, { description: 'The judgement where nobody holds the target' })
  withoutIncumbent: 'PASS' | 'FAIL';
}

@ObjectType('SignatureDemands')
export class SignatureDemandsType {
  @Field(() => [SignaturePartEnum])
  requiredParts: SignaturePart[];
  @Field()
  compatibleWithIncumbent: boolean;
}

@ObjectType('ModelCardDemands')
export class ModelCardDemandsType {
  @Field(() => Int)
  minDescriptionLength: number;
  @Field(() => [String])
  tags: string[];
  @Field(() => [String])
  sections: string[];
}

@ObjectType('LineageDemands')
export class LineageDemandsType {
  @Field()
  run: boolean;
  @Field()
  dataset: boolean;
  @Field()
  sourceCommit: boolean;
}

@ObjectType('ArtifactIntegrity')
export class ArtifactIntegrityType {
  @Field(() => Float, { nullable: true })
  maxBytes?: number;
  @Field(() => [String])
  requiredPaths: string[];
  @Field(() => [String])
  forbiddenPaths: string[];
}

@ObjectType('ArtifactScan')
export class ArtifactScanType {
  @Field(() => [String])
  allow: string[];
  @Field(() => [String])
  deny: string[];
  @Field(() => UnknownFormatsEnum)
  unknownFormats: 'FAIL' | 'REPORT';
  @Field(() => Float)
  maxUnpackedBytes: number;
}

@ObjectType('ExternalValidation')
export class ExternalValidationType {
  @Field({ description: 'The name of the validator that judges' })
  validator: string;
  @Field(() => JsonScalar, { description: 'For the validator, which alone knows what they mean' })
  parameters: unknown;
  @Field(() => [String], { description: 'Metrics of the version and of the incumbent that the validator is told' })
  metrics: string[];
}

/** One field for the configuration of each type; that of a gate's own type is set, all others are null. */
@ObjectType({ isAbstract: true })
export class GateConfigurationsType {
  @Field(() => MetricThresholdType, { nullable: true })
  metricThreshold?: GateConfig<'METRIC_THRESHOLD'>;
  @Field(() => MetricRegressionType, { nullable: true })
  metricRegression?: GateConfig<'METRIC_REGRESSION'>;
  @Field(() => SignatureDemandsType, { nullable: true })
  signature?: GateConfig<'SIGNATURE'>;
  @Field(() => ModelCardDemandsType, { nullable: true })
  modelCard?: GateConfig<'MODEL_CARD'>;
  @Field(() => LineageDemandsType, { nullable: true })
  lineage?: GateConfig<'LINEAGE'>;
  @Field(() => ArtifactIntegrityType, { nullable: true })
  artifactIntegrity?: GateConfig<'ARTIFACT_INTEGRITY'>;
  @Field(() => ArtifactScanType, { nullable: true })
  artifactScan?: GateConfig<'ARTIFACT_SCAN'>;
  @Field(() => ExternalValidationType, { nullable: true })
  external?: GateConfig<'EXTERNAL'>;
  @Field(() => HoldoutEvaluationType, { nullable: true })
  holdoutEvaluation?: GateConfig<'HOLDOUT_EVALUATION'>;
}

/** The field that holds the configuration of a type: METRIC_THRESHOLD's is metricThreshold. */
export const configurationName = (type: GateType): string =>
  type.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

export const configurationField = (type: GateType, config: unknown): GateConfigurationsType => ({
  [configurationName(type)]: config,
});
