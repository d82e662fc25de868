import type { DatasetFormat, HoldoutTask, ModelRuntime } from '@app/policy';
import { Field, Float, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { enumOf } from '../schema/enum.js';

export const HoldoutTaskEnum = enumOf<HoldoutTask>(['CLASSIFICATION', 'REGRESSION']);
registerEnumType(HoldoutTaskEnum, {
  name: 'HoldoutTask',
  valuesMap: {
    CLASSIFICATION: { description: 'Measures accuracy, precision, recall, f1, roc_auc and log_loss' },
    REGRESSION: { description: 'Measures rmse, mae and r2' },
  },
});
export const DatasetFormatEnum = enumOf<DatasetFormat>(['CSV', 'PARQUET']);
registerEnumType(DatasetFormatEnum, {
  name: 'DatasetFormat',
  valuesMap: { CSV: { description: 'In UTF-8, with commas, and the names of the columns in the first line' } },
});
export const ModelRuntimeEnum = enumOf<ModelRuntime>(['AUTO', 'ONNX', 'PYFUNC']);
registerEnumType(ModelRuntimeEnum, {
  name: 'ModelRuntime',
  valuesMap: {
    AUTO: { description: 'ONNX where the MLmodel file has that flavor, PYFUNC otherwise' },
    ONNX: { description: 'ONNX Runtime, in WebAssembly' },
    PYFUNC: { description: 'Any model that MLflow loads as a Python function; needs the setting GATE_PYTHON' },
  },
});

@ObjectType('HoldoutBound')
class HoldoutBoundType {
  @Field()
  metric: string;
  @Field(() => Float, { nullable: true })
  min?: number;
  @Field(() => Float, { nullable: true })
  max?: number;
}

@ObjectType('HoldoutEvaluation')
export class HoldoutEvaluationType {
  @Field({ description: 'The URI of a file in the artifact store' })
  dataset: string;
  @Field({ description: 'The only bytes that are judged on' })
  datasetDigest: string;
  @Field(() => DatasetFormatEnum)
  format: DatasetFormat;
  @Field({ description: 'The column with the true answers' })
  label: string;
  @Field(() => [String], {
    nullable: true,
    description: 'The columns that the model is given; null: those of its signature, or all but the label',
  })
  features?: string[];
  @Field(() => HoldoutTaskEnum)
  task: HoldoutTask;
  @Field(() => [HoldoutBoundType])
  bounds: HoldoutBoundType[];
  @Field(() => Float, { nullable: true, description: 'Of a call with a single row' })
  maxLatencyMs?: number;
  @Field(() => Int, { description: 'Which percentile of the latency the bound is for: 50, 95 or 99' })
  latencyPercentile: number;
  @Field(() => ModelRuntimeEnum)
  runtime: ModelRuntime;
  @Field(() => Int, { description: 'A dataset with more rows is not judged on' })
  maxRows: number;
}
