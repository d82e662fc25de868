import { AsyncResource } from 'node:async_hooks';
import { currentContext, type RequestContext, runInContext } from '../context/request-context.js';
import { DatabaseUnavailable } from './database-errors.js';

/** Of one batch: a transaction over more would keep the others waiting for longer than it saves. */
const mostItems = 100;

/** What one caller has added. */
export interface Batched<Item> {
  item: Item;
  /** Does a part of the work in the caller's name, under the id of his request, and inside the batch's transaction. */
  asCaller<T>(work: () => T): T;
}

interface Waiting<Item, Answer> extends Batched<Item> {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Does the same thing for many callers together, as one statement or one transaction. The first goes at once; what comes
 * while it is under way gathers, and goes next. An idle database so keeps nobody waiting, and a busy one is asked less
 * often for more.
 */
export class Batcher<Item, Answer> {
  private waiting: Waiting<Item, Answer>[] = [];
  private working: Promise<void> | undefined;
  /** In the context that the batcher was made in: a batch belongs to no single one of its callers. */
  private readonly start: () => Promise<void>;

  /** @param work what is done for one or more items; answers in their order. Of a batch that failed it is called again for each */
  constructor(private readonly work: (batch: readonly Batched<Item>[]) => Promise<readonly Answer[]>) {
    this.start = AsyncResource.bind(() => this.workOff());
  }

  /**
   * Does it for one item, with whatever else waits. Not inside Transaction.run: a batch is no part of a caller's transaction.
   * @throws what the work throws for this item alone, or DatabaseUnavailable
   */
  add(item: Item): Promise<Answer> {
    const context = currentContext();
    if (context?.transaction)
      throw new Error('a batch has a transaction of its own: add to it outside of Transaction.run');
    const asCaller = <T>(work: () => T): T => goOnAs(context, work);
    const answer = new Promise<Answer>((resolve, reject) => this.waiting.push({ item, asCaller, resolve, reject }));
    this.working ??= this.start();
    return answer;
  }

  /** When everything that was added is done, or has failed. */
  async settled(): Promise<void> {
    await this.working;
  }

  private async workOff(): Promise<void> {
    while (this.waiting.length > 0) await this.workOn(this.waiting.splice(0, mostItems));
    this.working = undefined;
  }

  /** What one item makes fail must not fail for the others: they are done again, each by itself. */
  private async workOn(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.work(batch);
      for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer);
    } catch (error) {
      if (batch.length === 1 || error instanceof DatabaseUnavailable) for (const { reject } of batch) reject(error);
      else for (const one of batch) await this.workOn([one]);
    }
  }
}

const goOnAs = <T>(caller: RequestContext | undefined, work: () => T): T => {
  const transaction = currentContext()?.transaction;
  return caller ? runInContext({ ...caller, ...(transaction && { transaction }) }, work) : work();
};
