import type { Verdict } from '@app/promotion';

/** What the people of the model hold; LEAD is APPROVE_PROMOTION and a place in the only approval rule, which needs two. */
export const rights = {
  scientist: ['SEE', 'REQUEST', 'CREATE', 'WAIVE', 'LEAD'],
  lead: ['SEE', 'REQUEST', 'CREATE', 'LEAD'],
  second: ['SEE', 'LEAD'],
  third: ['SEE', 'LEAD'],
  risk: ['SEE', 'WAIVE'],
  onCall: ['SEE', 'WAIVE', 'BREAK', 'LEAD'],
  owner: ['SEE', 'REQUEST', 'CREATE', 'MANAGE'],
  stranger: [],
} as const satisfies Record<string, readonly string[]>;
export type Person = keyof typeof rights;
type Right = 'SEE' | 'REQUEST' | 'CREATE' | 'WAIVE' | 'LEAD' | 'BREAK' | 'MANAGE';
export const people = Object.keys(rights) as Person[];

export interface ModelRequest {
  number: number;
  kind: 'PROMOTION' | 'ROLLBACK' | 'BREAK_GLASS';
  version: number;
  requester: Person;
  incumbent: number | null;
  revision: number;
  state: string;
  gate: string;
  evidence: string | null;
  /** Those that stand. */
  decisions: { who: Person; verdict: Verdict; evidence: string }[];
  waiver: { id: string; by: Person } | null;
  threads: { id: string; by: Person; open: boolean }[];
  expired: boolean;
  reviewed: boolean;
}

const closed = ['APPLIED', 'REJECTED', 'CANCELLED', 'EXPIRED', 'SUPERSEDED'];
export const isOpen = ({ state }: ModelRequest): boolean => !closed.includes(state);

/**
 * The rules of docs/domain.md, section 5, written a second time and as plainly as possible: no clock, no database, no
 * locks. Every method says whether the act is allowed, and does it if so.
 */
export class Reference {
  readonly versions: { creator: Person; good: boolean }[] = [];
  readonly requests: ModelRequest[] = [];
  /** Who came to hold the target, one after the other. */
  readonly moves: number[] = [];
  revision = 1;
  /** Who has lost his place among the leads. */
  readonly out = new Set<Person>();

  holds = (who: Person, right: Right): boolean =>
    (rights[who] as readonly string[]).includes(right) && !(right === 'LEAD' && this.out.has(who));

  get holder(): number | null {
    return this.moves.at(-1) ?? null;
  }

  get previous(): number | null {
    return [...this.moves].reverse().find((version) => version !== this.holder) ?? null;
  }

  register(who: Person, good: boolean): boolean {
    if (!this.holds(who, 'CREATE')) return false;
    this.versions.push({ creator: who, good });
    return true;
  }

  open(kind: 'PROMOTION' | 'ROLLBACK', who: Person, version: number | null, number: number): boolean {
    if (!this.holds(who, 'REQUEST') || version === null || version === this.holder) return false;
    if (this.requests.some((request) => isOpen(request) && request.version === version)) return false;
    this.requests.push(this.fresh(kind, who, version, number));
    return true;
  }

  breakGlass(who: Person, version: number, number: number): boolean {
    if (!this.holds(who, 'BREAK') || version === this.holder) return false;
    const request = this.fresh('BREAK_GLASS', who, version, number);
    this.requests.push(request);
    this.move(request);
    return true;
  }

  closeReview(who: Person, request: ModelRequest): boolean {
    if (!this.holds(who, 'LEAD') || request.kind !== 'BREAK_GLASS') return false;
    if (request.reviewed || request.requester === who) return false;
    request.reviewed = true;
    return true;
  }

  /** The gates of a round have run. */
  judge(request: ModelRequest): void {
    if (request.state !== 'VALIDATING') return;
    const good = request.kind === 'ROLLBACK' || this.versions[request.version - 1]?.good;
    request.gate = good ? 'PASSED' : 'FAILED';
    this.evaluate(request);
  }

  decide(who: Person, request: ModelRequest, verdict: Verdict, evidence: string | null): boolean {
    const standing = request.decisions.find((decision) => decision.who === who);
    const own = request.requester === who || this.versions[request.version - 1]?.creator === who;
    if (!this.holds(who, 'LEAD') || !isOpen(request) || request.state === 'VALIDATING') return false;
    if (verdict === 'APPROVE' && (own || request.state === 'APPROVED')) return false;
    if (verdict !== 'REJECT' && request.state === 'BLOCKED') return false;
    if (standing?.evidence === request.evidence || evidence === null || evidence !== request.evidence) return false;
    request.decisions = [...request.decisions.filter((one) => one !== standing), { who, verdict, evidence }];
    this.review(request, verdict === 'APPROVE');
    return true;
  }

  withdraw(who: Person, request: ModelRequest): boolean {
    const standing = request.decisions.find((decision) => decision.who === who);
    if (!this.holds(who, 'SEE') || !isOpen(request) || !standing) return false;
    request.decisions = request.decisions.filter((one) => one !== standing);
    this.review(request);
    return true;
  }

  cancel(who: Person, request: ModelRequest): boolean {
    if (!this.mayAct(who, request) || !isOpen(request)) return false;
    request.state = 'CANCELLED';
    return true;
  }

  resubmit(who: Person, request: ModelRequest): boolean {
    if (!this.mayAct(who, request) || request.state !== 'CHANGES_REQUESTED') return false;
    request.decisions = request.decisions.filter(({ verdict }) => verdict !== 'REQUEST_CHANGES');
    request.state = 'AWAITING_APPROVAL';
    this.review(request);
    return true;
  }

  rerun(who: Person, request: ModelRequest): boolean {
    if (!this.mayAct(who, request) || request.version === this.holder) return false;
    if (!['BLOCKED', 'AWAITING_APPROVAL'].includes(request.state)) return false;
    if (request.kind === 'ROLLBACK' && request.version !== this.previous) return false;
    Object.assign(request, { state: 'VALIDATING', gate: 'QUEUED', evidence: null, waiver: null });
    // Its time too is what the policies of now say, and they give it none.
    Object.assign(request, { incumbent: this.holder, revision: this.revision, expired: false });
    return true;
  }

  proposeWaiver(who: Person, request: ModelRequest, id: string): boolean {
    if (!this.holds(who, 'WAIVE') || request.state !== 'BLOCKED') return false;
    if (request.gate !== 'FAILED' || request.waiver) return false;
    request.waiver = { id, by: who };
    return true;
  }

  confirmWaiver(who: Person, request: ModelRequest): boolean {
    const { waiver } = request;
    if (!waiver || !this.holds(who, 'WAIVE') || request.state !== 'BLOCKED') return false;
    if (who === waiver.by || who === request.requester) return false;
    Object.assign(request, { gate: `WAIVED by ${waiver.by} and ${who}`, waiver: null });
    this.evaluate(request);
    return true;
  }

  openThread(who: Person, request: ModelRequest, id: string): boolean {
    if (!this.holds(who, 'LEAD') || !isOpen(request)) return false;
    request.threads.push({ id, by: who, open: true });
    this.review(request);
    return true;
  }

  resolveThread(who: Person, request: ModelRequest, id: string): boolean {
    const thread = request.threads.find((one) => one.id === id);
    if (!thread?.open || !this.holds(who, 'SEE')) return false;
    if (thread.by !== who && (request.requester === who || !this.holds(who, 'MANAGE'))) return false;
    thread.open = false;
    this.review(request);
    return true;
  }

  /** A round of the reconciler, and the jobs that follow from it. */
  reconcile(): void {
    for (const request of this.requests.filter(isOpen)) {
      if (request.expired && request.state !== 'APPROVED') request.state = 'EXPIRED';
      else if (request.state === 'AWAITING_APPROVAL') this.review(request);
    }
    for (const request of this.requests) if (request.state === 'APPROVED') this.apply(request);
  }

  private fresh(kind: ModelRequest['kind'], requester: Person, version: number, number: number): ModelRequest {
    const blank = { gate: 'QUEUED', evidence: null, decisions: [], waiver: null, threads: [] };
    const pinned = { incumbent: this.holder, revision: this.revision };
    return {
      number,
      kind,
      version,
      requester,
      ...pinned,
      ...blank,
      state: 'VALIDATING',
      expired: false,
      reviewed: false,
    };
  }

  private mayAct = (who: Person, { requester }: ModelRequest): boolean =>
    this.holds(who, 'SEE') && (requester === who || this.holds(who, 'MANAGE'));

  private evaluate(request: ModelRequest): void {
    const { gate, incumbent, revision } = request;
    request.evidence = `${gate} against ${incumbent} under ${revision}`;
    request.state = gate === 'FAILED' ? 'BLOCKED' : 'AWAITING_APPROVAL';
    if (gate !== 'FAILED') this.review(request);
  }

  /** Two distinct leads, who did not make it themselves, on the evidence of now; and nothing left to discuss. */
  private met({ decisions, evidence, requester, version, threads }: ModelRequest): boolean {
    const counting = decisions.filter(
      ({ who, verdict, evidence: seen }) =>
        verdict === 'APPROVE' &&
        seen === evidence &&
        this.holds(who, 'LEAD') &&
        who !== requester &&
        who !== this.versions[version - 1]?.creator,
    );
    return counting.length >= 2 && threads.every(({ open }) => !open);
  }

  private review(request: ModelRequest, atOnce = false): void {
    if (!['AWAITING_APPROVAL', 'CHANGES_REQUESTED', 'APPROVED', 'BLOCKED'].includes(request.state)) return;
    const verdicts = request.decisions
      .filter(({ evidence }) => evidence === request.evidence)
      .map(({ verdict }) => verdict);
    if (verdicts.includes('REJECT')) request.state = 'REJECTED';
    else if (request.state === 'BLOCKED') return;
    else if (verdicts.includes('REQUEST_CHANGES')) request.state = 'CHANGES_REQUESTED';
    else if (!this.met(request)) request.state = 'AWAITING_APPROVAL';
    else if (request.state !== 'APPROVED') {
      request.state = 'APPROVED';
      if (atOnce) this.apply(request);
    }
  }

  private apply(request: ModelRequest): void {
    if (request.revision !== this.revision || request.incumbent !== this.holder) request.state = 'BLOCKED';
    else if (!this.met(request)) request.state = 'AWAITING_APPROVAL';
    else this.move(request);
  }

  private move(request: ModelRequest): void {
    this.moves.push(request.version);
    request.state = 'APPLIED';
    for (const rival of this.requests.filter(isOpen)) rival.state = 'SUPERSEDED';
  }
}
