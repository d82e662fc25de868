import { FailedPrecondition } from '@app/platform';
import type { z } from 'zod';
import { type Isolation, type IsolationLevel, minimalEnvironment, type ResourceLimits } from './isolation.js';
import { type ModelProcessEnd, runModelProcess } from './model-process.js';
import { readableText } from './readable-text.js';
import type { answers } from './scoring-answer.js';
import type { ScoringFolder } from './scoring-folder.js';
import { ModelFailed, type ScoringJob } from './scoring-job.js';

const longestMessage = 1000;

type Answers = typeof answers;
type Done<Schema extends z.ZodType> = Extract<z.output<Schema>, { status: 'DONE' }>;

/** One process of an evaluation. */
export interface ScoringStep<Schema> {
  /** For the log. */
  name: string;
  /** How much of the evaluation is done when it begins, in percent: about what the steps before it take. */
  begunAt: number;
  command: readonly string[];
  answer: Schema;
  memoryOf: ResourceLimits['memoryOf'];
  level: IsolationLevel;
}

/** Runs the processes of one evaluation, one after another, and takes their answers for what they are. */
export class ScoringSteps {
  constructor(
    private readonly job: Pick<ScoringJob, 'log' | 'signal' | 'timeoutSeconds'>,
    private readonly isolation: Isolation,
    private readonly bounds: { memoryBytes: number; fileBytes: number },
    readonly folder: ScoringFolder,
  ) {}

  /**
   * @throws ModelFailed when the model could not answer
   * @throws FailedPrecondition NO_ANSWER when there is no answer for another reason
   */
  async run<Schema extends Answers[keyof Answers]>(step: ScoringStep<Schema>): Promise<Done<Schema>> {
    const { log, signal, timeoutSeconds } = this.job;
    const { name, command, memoryOf, level, begunAt } = step;
    await log(`${name}: isolation ${level}`, begunAt);
    const end = await runModelProcess({
      command: this.isolation.hold(command, this.folder.path, level, {
        ...this.bounds,
        memoryOf,
        processorSeconds: timeoutSeconds,
      }),
      folder: this.folder.work,
      environment: minimalEnvironment(level === 'NAMESPACES' ? '/tmp' : this.folder.home),
      log,
      signal,
    });
    const answer = this.parse(step, end);
    const { status } = answer;
    if (status === 'DONE') return answer as Done<Schema>;
    const message = readableText(answer.message, longestMessage);
    throw status === 'RAISED' ? new ModelFailed(message) : new FailedPrecondition('NO_ANSWER', message);
  }

  private parse<Schema extends Answers[keyof Answers]>(step: ScoringStep<Schema>, end: ModelProcessEnd) {
    const unreadable = (why: string) => new FailedPrecondition('NO_ANSWER', `the process to ${step.name} ${why}`);
    if (end.flooded) throw unreadable('was ended: it said more than is taken of it');
    if (end.answer === '') throw unreadable(`${howItEnded(end)} without an answer ${this.hint(end)}`);
    const parsed = step.answer.safeParse(jsonOf(end.answer));
    if (parsed.success) return parsed.data;
    throw unreadable('gave an answer that is none');
  }

  private hint({ killedBy, code }: ModelProcessEnd): string {
    const mayBeMemory = killedBy !== null || (code ?? 0) >= 128;
    return `(see the log${mayBeMemory ? `; GATE_MEMORY_BYTES is ${this.bounds.memoryBytes}` : ''})`;
  }
}

const howItEnded = ({ code, killedBy }: ModelProcessEnd): string =>
  killedBy ? `was ended by ${killedBy}` : `ended with exit code ${code}`;

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
