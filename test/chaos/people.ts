import { setTimeout as pause } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import type { TestPrincipal } from '../support/factories.js';
import type { Random } from './random.js';

/** What is to become of a request, as far as people and gates decide. */
export type Fate = 'PROMOTE' | 'REJECT' | 'TOO_WEAK';

export interface Wish {
  version: number;
  fate: Fate;
}

interface Seen {
  number: number;
  state: string;
  closedAt: string | null;
  evidenceDigest: string | null;
}

interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: what GraphQL answers, of any shape
  data: any;
  errors?: { message: string; extensions: { reason: string } }[];
}

/** The request has moved since it was seen, or is the one whose answer was lost: a client looks again. */
const lookAgain = new Set([
  'ALREADY_DECIDED',
  'ALREADY_HOLDS_TARGET',
  'DATABASE_UNAVAILABLE',
  'GATES_NOT_PASSED',
  'NOT_PENDING',
  'REQUEST_ALREADY_OPEN',
  'REQUEST_CLOSED',
  'STALE_EVIDENCE',
  'WRONG_STATE',
]);
const patienceMs = 120_000;

/** The people of the story, as clients of whichever API answers. */
export class People {
  constructor(
    private readonly model: string,
    private readonly who: { scientist: TestPrincipal; leads: readonly TestPrincipal[] },
    private readonly apis: () => string[],
    private readonly random: Random,
    /** Fulfilled when the reviewers begin: until then requests are opened, and wait. */
    private readonly reviewers: Promise<unknown>,
    private readonly signal: AbortSignal,
  ) {}

  /** Opens a request for the version, and does what is asked of people until it is closed, or all is called off. */
  async pursue({ version, fate }: Wish): Promise<void> {
    const number = await this.open(version);
    while (!this.signal.aborted) {
      const seen = await this.see(number);
      if (seen.closedAt) return;
      if (seen.state === 'AWAITING_APPROVAL') await this.review(seen, fate);
      else if (seen.state === 'BLOCKED' && fate === 'TOO_WEAK') await this.act('Cancel', 'Reason', { number });
      // No judgement was reached: the worker died in each attempt.
      else if (seen.state === 'BLOCKED') await this.act('GatesRerun', 'Ref', { number });
      await pause(300 + this.random.below(300));
    }
  }

  /** One request for the version, also when the answer to the first attempt was lost. */
  private async open(version: number): Promise<number> {
    const target = { kind: 'ALIAS', name: 'champion' };
    for (;;) {
      await this.act('Create', 'Create', { model: this.model, version, target, justification: 'it is better' });
      const { data } = await this.ask(
        'query ($model: String!) { promotionRequests(first: 100, filter: { modelFullName: $model }) { nodes { number versionNumber } } }',
        { model: this.model },
      );
      const nodes: { number: number; versionNumber: number }[] = data.promotionRequests.nodes;
      const made = nodes.find(({ versionNumber }) => versionNumber === version);
      if (made) return made.number;
    }
  }

  private async see(number: number): Promise<Seen> {
    const { data } = await this.ask(
      'query ($number: Int!) { promotionRequest(number: $number) { number state closedAt evidenceDigest } }',
      { number },
    );
    return data.promotionRequest;
  }

  /** Two people decide, at the same moment. */
  private async review({ number, evidenceDigest }: Seen, fate: Fate): Promise<void> {
    await this.reviewers;
    const [one, other] = this.random.shuffled(this.who.leads);
    const approve = { number, evidenceDigest, verdict: 'APPROVE' };
    const reject = { number, evidenceDigest, verdict: 'REJECT', comment: 'not this one' };
    await Promise.all([
      this.act('Decide', 'Decide', approve, one),
      this.act('Decide', 'Decide', fate === 'REJECT' ? reject : approve, other),
    ]);
  }

  /**
   * One mutation, with an Idempotency-Key. What it did is not told: the answer may be lost, and whoever asks next sees.
   * @throws Error when the answer is none that a client must expect
   */
  private async act(verb: string, input: string, values: object, who = this.who.scientist): Promise<void> {
    const query = `mutation ($input: PromotionRequest${input}Input!) {
      done: promotionRequest${verb}(input: $input) { errors { __typename code message } } }`;
    const { data } = await this.ask(query, { input: values }, who, uuidv7());
    const unexpected = data?.done.errors.filter(({ code }: { code: string }) => !lookAgain.has(code));
    if (unexpected?.length > 0) throw new Error(`${verb}: ${JSON.stringify(unexpected)}`);
  }

  /** Repeats until an API answers: they are killed while they work, and while they start. */
  private async ask(query: string, variables: object, who = this.who.scientist, key?: string): Promise<Answer> {
    const end = Date.now() + patienceMs;
    for (;;) {
      const answer = await this.post(JSON.stringify({ query, variables }), who, key);
      const reasons = answer?.errors?.map(({ extensions }) => extensions.reason) ?? [];
      if (answer && reasons.every((reason) => reason === 'IDEMPOTENCY_KEY_IN_USE')) return answer;
      if (answer && !reasons.includes('DATABASE_UNAVAILABLE')) throw new Error(JSON.stringify(answer.errors));
      if (Date.now() > end) throw new Error(`no API has answered for ${patienceMs} ms: ${query}`);
      await pause(100 + this.random.below(200));
    }
  }

  /** @returns undefined when no answer came */
  private async post(body: string, { token }: TestPrincipal, key?: string): Promise<Answer | undefined> {
    const urls = this.apis();
    if (urls.length === 0) return undefined;
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      ...(key && { 'idempotency-key': key }),
    };
    const url = `${this.random.one(urls)}/graphql`;
    const told = await fetch(url, { method: 'POST', headers, body })
      .then(async (response) => ({ status: response.status, answer: (await response.json()) as Answer }))
      .catch(() => undefined);
    if (told && !told.answer.data && !told.answer.errors)
      throw new Error(`no answer of GraphQL: ${JSON.stringify(told)}`);
    return told?.answer;
  }
}
