import { RefusalLog } from '@app/audit';
import { LineageEvents, parsedEvent } from '@app/lineage';
import { DomainError, InvalidArgument } from '@app/platform';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { Requires } from '../http/requires.js';
import { lineagePaths } from '../http/surface.js';

const largestBatch = 500;

/** The answer to a batch, as the standard's OpenAPI document has it. */
interface BatchAnswer {
  status: 'success' | 'partial_success';
  summary: { received: number; successful: number; failed: number; retriable: number; non_retriable: number };
  failed_events: { index: number; reason: string; retriable: false }[];
}

/** Where producers send events (docs/openlineage.md): the paths are those of the standard's clients. */
@Controller()
export class OpenLineageController {
  constructor(
    private readonly events: LineageEvents,
    private readonly refusals: RefusalLog,
  ) {}

  @Requires('EDIT', 'CREATE_EXPERIMENT')
  @HttpCode(201)
  @Post(lineagePaths.event)
  async event(@Body() body: unknown): Promise<void> {
    await this.events.take(parsedEvent(body));
  }

  /** Each event by itself, in their order: one that is refused holds up no other. Where all are refused, so is the batch, for the reason of the first. */
  @Requires('EDIT', 'CREATE_EXPERIMENT')
  @HttpCode(200)
  @Post(lineagePaths.batch)
  async batch(@Body() body: unknown): Promise<BatchAnswer> {
    const bodies = batchOf(body);
    const failures: { index: number; error: DomainError }[] = [];
    for (const [index, each] of bodies.entries()) {
      const error = await this.refusalOf(each);
      if (error) failures.push({ index, error });
    }
    const [first] = failures;
    if (first && failures.length === bodies.length) throw first.error;
    for (const { error } of failures) this.refusals.note(error);
    return answerTo(bodies.length, failures);
  }

  /** What is the event's fault. What is ours fails the batch, which is sent again then: no event counts twice. */
  private async refusalOf(body: unknown): Promise<DomainError | undefined> {
    try {
      await this.events.take(parsedEvent(body));
    } catch (error) {
      if (error instanceof DomainError && error.kind !== 'UNAVAILABLE') return error;
      throw error;
    }
  }
}

function batchOf(body: unknown): unknown[] {
  if (Array.isArray(body) && body.length >= 1 && body.length <= largestBatch) return body;
  const told = Array.isArray(body) ? `has ${body.length} events` : 'is no list';
  throw new InvalidArgument(`the batch ${told}: it must be a list of 1 to ${largestBatch} events`);
}

function answerTo(received: number, failures: readonly { index: number; error: DomainError }[]): BatchAnswer {
  const failed = failures.length;
  return {
    status: failed > 0 ? 'partial_success' : 'success',
    summary: { received, successful: received - failed, failed, retriable: 0, non_retriable: failed },
    failed_events: failures.map(({ index, error }) => ({ index, reason: error.message, retriable: false })),
  };
}
