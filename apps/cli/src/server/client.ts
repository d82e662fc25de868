import { randomUUID } from 'node:crypto';
import { CliError } from '../cli-error.js';
import { version } from '../version.js';
import { statusError, topLevelError, type UserError, userError } from './answer-errors.js';
import { networkError } from './network-errors.js';

const timeoutMs = 60_000;
/** What it means that a file is not given out. */
const downloadOutcomes: Record<number, 'DENIED' | 'NOT_FOUND'> = { 403: 'DENIED', 404: 'NOT_FOUND' };

interface Answer {
  data?: Record<string, unknown> | null;
  errors?: { message: string }[];
}

/** The GraphQL door of one server, as one caller. */
export class Client {
  constructor(
    readonly server: string,
    private readonly token: string,
  ) {}

  /** @throws CliError for everything but a whole answer */
  async query<Result>(document: string, variables: Record<string, unknown> = {}): Promise<Result> {
    const { data, errors } = await this.post(document, variables);
    if (errors?.length) throw topLevelError(errors);
    return data as Result;
  }

  /**
   * Carries out a document with one mutation. @returns its payload
   * @throws CliError, also for the errors in the payload: nothing has been changed then
   */
  async mutate<Payload>(document: string, input: Record<string, unknown>): Promise<Payload> {
    const data = await this.query<Record<string, { errors: UserError[] }>>(document, { input });
    const payload = Object.values(data)[0];
    if (payload?.errors.length) throw userError(payload.errors);
    return payload as Payload;
  }

  /**
   * A file that the server streams, however large it is.
   * @throws CliError when it answers with anything else
   */
  async download(path: string): Promise<ReadableStream<Uint8Array>> {
    const response = await fetch(`${this.server}${path}`, {
      redirect: 'manual',
      headers: { authorization: `Bearer ${this.token}`, 'user-agent': `imprimatur-cli/${version}` },
    }).catch((error) => {
      throw networkError(this.server, error);
    });
    if (response.ok && response.body) return response.body;
    const { message } = (await response.json().catch(() => ({}))) as { message?: string };
    throw message
      ? new CliError(downloadOutcomes[response.status] ?? 'FAILURE', message)
      : statusError(this.server, response);
  }

  private async post(query: string, variables: Record<string, unknown>): Promise<Answer> {
    const response = await this.send(JSON.stringify({ query, variables }), query.startsWith('mutation'));
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const answer = isJson ? ((await response.json().catch(() => ({}))) as Answer) : {};
    // 401, 403 and the like may come from a proxy before the service: their status says more than their body.
    if (!response.ok && response.status !== 400) throw statusError(this.server, response);
    if (!answer.data && !answer.errors) throw this.notOurs(response);
    return answer;
  }

  private async send(body: string, writes: boolean): Promise<Response> {
    try {
      return await fetch(`${this.server}/graphql`, {
        method: 'POST',
        // A redirect could carry the token to another host.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          authorization: `Bearer ${this.token}`,
          accept: 'application/graphql-response+json, application/json;q=0.9',
          'content-type': 'application/json',
          'user-agent': `imprimatur-cli/${version}`,
          // A proxy that repeats the request does not repeat the change.
          ...(writes && { 'idempotency-key': randomUUID() }),
        },
        body,
      });
    } catch (error) {
      throw networkError(this.server, error);
    }
  }

  private notOurs({ status }: Response): CliError {
    return new CliError(
      'USAGE',
      `${this.server}: answers (${status}), and not as Imprimatur does: is the address right?`,
    );
  }
}
