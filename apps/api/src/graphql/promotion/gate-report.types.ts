import { Field, Float, ID, InputType, ObjectType, registerEnumType } from '@nestjs/graphql';
import { enumOf } from '../schema/enum.js';
import { MutationInput, MutationPayload } from '../schema/mutation.js';
import { JsonScalar } from '../schema/scalars.js';
import { GateRunType } from './promotion.types.js';

type ReportedStatus = 'PASSED' | 'FAILED' | 'ERRORED';
export const ReportedStatusEnum = enumOf<ReportedStatus>(['PASSED', 'FAILED', 'ERRORED']);
registerEnumType(ReportedStatusEnum, {
  name: 'ReportedStatus',
  valuesMap: {
    FAILED: { description: 'The version was judged and fell short' },
    ERRORED: { description: 'No judgement was reached; never a pass' },
  },
});

@InputType('GateProgressInput')
class GateProgressInput {
  @Field(() => Float, { nullable: true, description: '0 to 100' })
  percent?: number | null;
  @Field({ description: 'A line for the log of the gate run' })
  comment: string;
}

@InputType({ description: 'Either a judgement, with status and summary, or progress' })
export class GateRunReportInput extends MutationInput {
  @Field(() => ID)
  gateRunId: string;
  @Field(() => ReportedStatusEnum, { nullable: true })
  status?: ReportedStatus | null;
  @Field(() => String, { nullable: true, description: 'One sentence, with the measured value and the bound' })
  summary?: string | null;
  @Field(() => JsonScalar, { nullable: true, description: 'Measured values: an object of at most 64 KiB' })
  output?: unknown;
  @Field(() => GateProgressInput, { nullable: true })
  progress?: GateProgressInput | null;
}

@ObjectType()
export class GateRunPayload extends MutationPayload {
  @Field(() => GateRunType, { nullable: true })
  gateRun?: GateRunType | null;
}

const present = (object: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== undefined));

/** The report as libs/gates checks it: what is null was left out. */
export function reportIn({ status, summary, output, progress }: GateRunReportInput): unknown {
  return present({ status, summary, output, progress: progress && present(progress) });
}
