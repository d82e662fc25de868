import { Unauthenticated } from '@app/access';
import type { Evidence } from '@app/identity';
import { currentContext, DomainError, LOGGER, NotFound, type RequestContext, runInContext } from '@app/platform';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import type { FastifyRequest } from 'fastify';
import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLFormattedError,
} from 'graphql';
import type { Logger } from 'pino';
import { Callers } from '../../auth/callers.js';
import { formatError } from '../server/format-error.js';
import { type GraphqlContext, LoadersFactory } from '../server/loaders.factory.js';
import { type OperationParams, toSubscription } from './operation.js';
import { SubscriptionSlots } from './subscription-slots.js';

/** Who holds subscriptions over one connection, and how the service sees that it is still him. */
export interface Subscriber {
  request: FastifyRequest;
  evidence: Evidence;
  /** Called when the evidence is good no more. */
  dismiss?(error: Unauthenticated): void;
}

/** What the source of a subscription yields. */
export interface Occurrence {
  /**
   * Is it for this subscriber, by his rights of now? False is passed over.
   * @throws what ends the subscription, such as NotFound for what it hangs on
   */
  concerns(): Promise<boolean>;
}

type Outcome = AsyncIterableIterator<ExecutionResult> | ExecutionResult;
type SubscriptionArgs = ExecutionArgs & { contextValue: { subscriber: Subscriber } };

/**
 * Runs subscriptions, whatever carries them. Nothing is remembered of a subscriber's rights: for each event he is
 * authenticated again, and the event is resolved under a context and loaders of its own, as a request would be.
 */
@Injectable()
export class SubscriptionRunner implements OnModuleDestroy {
  private readonly running = new Set<AbortController>();
  private isClosing = false;
  private readonly format: ReturnType<typeof formatError>;

  constructor(
    private readonly callers: Callers,
    private readonly loaders: LoadersFactory,
    private readonly schemaHost: GraphQLSchemaHost,
    private readonly slots: SubscriptionSlots,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.format = formatError(logger);
  }

  /**
   * The operation, checked against the schema and the limits of documents.
   * @returns errors when something is wrong with it: all of it, in the API's words
   */
  prepare(subscriber: Subscriber, params: OperationParams): SubscriptionArgs | GraphQLError[] {
    const { errors, document } = toSubscription(this.schemaHost.schema, params);
    if (errors) return errors.map((error) => asError(this.format(formatted(error), undefined)));
    return {
      schema: this.schemaHost.schema,
      document,
      operationName: params.operationName,
      variableValues: params.variables,
      contextValue: { subscriber },
    };
  }

  /** The results of a subscription as they come; one result when it cannot begin. */
  async open(args: SubscriptionArgs): Promise<Outcome> {
    const { subscriber } = args.contextValue;
    const end = new AbortController();
    try {
      return await this.asOfNow(subscriber, async () => {
        this.admit(end);
        const contextValue: GraphqlContext = { ...this.contextOf(subscriber), signal: end.signal };
        const source = await createSourceEventStream({ ...args, contextValue });
        if (!(Symbol.asyncIterator in source)) {
          end.abort();
          return this.told(source);
        }
        return endable(this.results(args, source as AsyncIterable<Occurrence>, end), end);
      });
    } catch (error) {
      end.abort();
      if (error instanceof Unauthenticated) subscriber.dismiss?.(error);
      return { errors: [this.tell(error)] };
    }
  }

  /** Every subscription ends before the server waits for its connections. */
  onModuleDestroy(): void {
    this.isClosing = true;
    for (const end of this.running) end.abort();
  }

  /** Counts the subscription of the caller until its end. @throws DomainError when there are too many */
  private admit(end: AbortController): void {
    if (this.isClosing) throw new DomainError('UNAVAILABLE', 'SHUTTING_DOWN', 'the process ends: connect again');
    const caller = currentContext()?.caller;
    if (!caller) throw new Unauthenticated();
    const places = [this.slots.takeOfProcess('subscription')];
    this.running.add(end);
    end.signal.addEventListener('abort', () => {
      this.running.delete(end);
      for (const release of places) release();
    });
    places.push(this.slots.takeOfPrincipal('subscription', caller));
  }

  private async *results(
    args: SubscriptionArgs,
    source: AsyncIterable<Occurrence>,
    end: AbortController,
  ): AsyncGenerator<ExecutionResult> {
    const { subscriber } = args.contextValue;
    try {
      for await (const occurrence of source) {
        if (end.signal.aborted) return;
        const result = await this.asOfNow(subscriber, () => this.resolve(args, occurrence));
        // What was hidden between the two looks is hidden.
        if (result && !end.signal.aborted) yield result;
      }
    } catch (error) {
      if (error instanceof Unauthenticated) subscriber.dismiss?.(error);
      yield { errors: [this.tell(error)] };
    } finally {
      end.abort();
    }
  }

  /** undefined: the occurrence is not for this subscriber. */
  private async resolve(args: SubscriptionArgs, occurrence: Occurrence): Promise<ExecutionResult | undefined> {
    if (!(await occurrence.concerns())) return undefined;
    const contextValue = this.contextOf(args.contextValue.subscriber);
    const result = await execute({ ...args, rootValue: occurrence, contextValue });
    // Gone or hidden since it was asked a moment ago.
    const hidden = !result.data && result.errors?.find(({ originalError }) => originalError instanceof NotFound);
    if (hidden) throw hidden.originalError;
    return this.told(result);
  }

  /** Carries out `work` as the subscriber, with his rights of now. @throws Unauthenticated */
  private async asOfNow<T>({ request, evidence }: Subscriber, work: () => Promise<T>): Promise<T> {
    const context: RequestContext = { requestId: request.id, address: request.ip, caller: null, memo: {} };
    const { caller, accessVersion } = await runInContext(context, () => this.callers.again(evidence));
    context.caller = caller;
    context.memo.accessVersion = accessVersion;
    context.asked = new Set();
    return runInContext(context, work);
  }

  private contextOf({ request }: Subscriber): GraphqlContext {
    return { request, loaders: this.loaders.create() };
  }

  private told({ errors, ...result }: ExecutionResult): ExecutionResult {
    if (!errors) return result;
    return { ...result, errors: errors.map((error) => asError(this.format(error.toJSON(), error))) };
  }

  private tell(error: unknown): GraphQLError {
    return asError(this.format({ message: (error as Error).message }, error));
  }
}

/** The transports take errors only. */
const asError = ({ message, path, extensions }: GraphQLFormattedError): GraphQLError =>
  new GraphQLError(message, { path, extensions });

/** A validation error has no code of its own: Apollo would set this one. */
const formatted = (error: GraphQLError): GraphQLFormattedError => {
  const told = error.toJSON();
  return { ...told, extensions: { code: 'GRAPHQL_VALIDATION_FAILED', ...told.extensions } };
};

/** An async generator that waits hears of return() only when it goes on: the signal makes it. */
function endable(
  results: AsyncGenerator<ExecutionResult>,
  end: AbortController,
): AsyncIterableIterator<ExecutionResult> {
  return {
    next: () => results.next(),
    return: () => {
      end.abort();
      return results.return(undefined);
    },
    throw: (error) => {
      end.abort();
      return results.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
