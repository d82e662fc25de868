import type { DatasetFormat, HoldoutTask, ModelRuntime } from '@app/policy';
import { Field, Float, InputType, Int } from '@nestjs/graphql';
import { DatasetFormatEnum, HoldoutTaskEnum, ModelRuntimeEnum } from './holdout-evaluation.types.js';

@InputType('HoldoutBoundInput', { description: 'At least one of min and max; both are inclusive' })
class HoldoutBoundInput {
  @Field({ description: 'One of the metrics of the task' })
  metric: string;
  @Field(() => Float, { nullable: true })
  min?: number | null;
  @Field(() => Float, { nullable: true })
  max?: number | null;
}

@InputType('HoldoutEvaluationInput', {
  description: 'Bounds, or maxLatencyMs, or both. You must be able to READ the experiment of the dataset',
})
export class HoldoutEvaluationInput {
  @Field({
    description:
      'A file in the artifact store, as MLflow names it: mlflow-artifacts:/<experiment id>/<run id>/artifacts/holdout.csv. Keep it in an experiment that those who train cannot read',
  })
  dataset: string;
  @Field({ description: 'sha256: and 64 hexadecimal digits; with other bytes at the place the gate is ERRORED' })
  datasetDigest: string;
  @Field(() => DatasetFormatEnum)
  format: DatasetFormat;
  @Field({ description: 'The column with the true answers' })
  label: string;
  @Field(() => [String], {
    nullable: true,
    description:
      'The columns that the model is given, in order; when left out, those of its signature, or all but the label',
  })
  features?: string[] | null;
  @Field(() => HoldoutTaskEnum)
  task: HoldoutTask;
  @Field(() => [HoldoutBoundInput], { nullable: true, description: 'At most one for each metric' })
  bounds?: HoldoutBoundInput[] | null;
  @Field(() => Float, { nullable: true, description: 'Milliseconds that a call with a single row may take' })
  maxLatencyMs?: number | null;
  @Field(() => Int, {
    nullable: true,
    description: 'Which percentile of the latency the bound is for: 50, 95 or 99; 95 when left out',
  })
  latencyPercentile?: number | null;
  @Field(() => ModelRuntimeEnum, { nullable: true, description: 'AUTO when left out' })
  runtime?: ModelRuntime | null;
  @Field(() => Int, {
    nullable: true,
    description: 'With more rows in the dataset the gate is ERRORED; 100000 when left out, 1000000 at most',
  })
  maxRows?: number | null;
}
