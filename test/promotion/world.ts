import type { Securable } from '@app/access';
import { Policies, type Policy } from '@app/policy';
import { BreakGlass, type PromotionRequest } from '@app/promotion';
import { Registrations, type VersionView } from '@app/registry';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../support/factories.js';
import { champion, createPromotionTest, type PromotionTest } from '../support/promotion.js';
import type { Person, Reference } from './reference.js';
import { people, rights } from './reference.js';

const gates = [{ key: 'sig', type: 'SIGNATURE' }];
const unsigned = { MLmodel: 'flavors: {}', 'model.pkl': 'bytes' };

/** The real services, the people of the reference, and a model of its own for each run. */
export class World {
  model: Securable;
  policy: Policy;
  private made = 0;

  private constructor(
    readonly t: PromotionTest,
    readonly who: Record<Person, TestPrincipal>,
    private readonly leads: TestPrincipal,
  ) {}

  static async create(): Promise<World> {
    const t = await createPromotionTest();
    const who = Object.fromEntries(
      await Promise.all(people.map(async (name) => [name, name === 'owner' ? t.owner : await t.make.user()])),
    ) as Record<Person, TestPrincipal>;
    const leads = await t.make.group(people.filter((name) => holds(name, 'LEAD')).map((name) => who[name]));
    await t.make.grant(leads, t.catalog, 'APPROVE_PROMOTION');
    for (const name of people) {
      const { catalog, make } = t;
      if (holds(name, 'SEE')) await make.grant(who[name], catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
      if (holds(name, 'REQUEST')) await make.grant(who[name], catalog, 'REQUEST_PROMOTION');
      if (holds(name, 'CREATE')) await make.grant(who[name], catalog, 'CREATE_MODEL_VERSION');
      if (holds(name, 'WAIVE')) await make.grant(who[name], catalog, 'WAIVE_GATE');
      if (holds(name, 'BREAK')) await make.grant(who[name], catalog, 'BREAK_GLASS');
    }
    return new World(t, who, leads);
  }

  /** A new model under a policy of its own; what an earlier run left open is out of the way. */
  async begin(): Promise<this> {
    const { db } = this.t;
    await db.execute(sql`UPDATE promotion_requests SET state = 'CANCELLED', closed_at = now() WHERE closed_at IS NULL`);
    await db.execute(sql`INSERT INTO group_members (group_id, member_id)
      SELECT ${this.leads.id}::uuid, id FROM unnest(${this.ids('LEAD')}::uuid[]) AS id ON CONFLICT DO NOTHING`);
    await db.execute(sql`UPDATE access_version SET version = version + 1`);
    this.model = await this.t.model();
    this.policy = await this.t.policy(this.model, this.rules());
    return this;
  }

  as<T>(who: Person, work: () => Promise<T>): Promise<T> {
    return this.t.as(this.who[who], work);
  }

  register(who: Person, good: boolean): Promise<VersionView> {
    const storagePath = this.t.folder(`7/run-${++this.made}/artifacts`, good ? undefined : unsigned);
    const version = { model: this.model.fullName, source: `mlflow-artifacts:/${storagePath}`, storagePath };
    return this.as(who, () => this.t.module.get(Registrations).register(version));
  }

  opening(version: number) {
    return { model: this.model.fullName, version, target: champion, justification: 'it is better' };
  }

  breakGlass(who: Person, version: number): Promise<PromotionRequest> {
    return this.as(who, () => this.t.module.get(BreakGlass).promote(this.opening(version)));
  }

  revise(): Promise<Policy> {
    const revision = { id: this.policy.id, rules: this.rules(), reason: 'another revision' };
    return this.t.as(this.t.governor, () => this.t.module.get(Policies).revise(revision));
  }

  async setMembership(who: Person, member: boolean): Promise<void> {
    const { db } = this.t;
    const [group, id] = [this.leads.id, this.who[who].id];
    if (member)
      await db.execute(sql`INSERT INTO group_members (group_id, member_id) VALUES (${group}::uuid, ${id}::uuid)`);
    else await db.execute(sql`DELETE FROM group_members WHERE group_id = ${group}::uuid AND member_id = ${id}::uuid`);
    await db.execute(sql`UPDATE access_version SET version = version + 1`);
  }

  /** The service stands where the reference does, and nothing holds that must not. */
  async agreesWith(reference: Reference): Promise<void> {
    const { db } = this.t;
    const requests = await db.query(sql`
      SELECT number, kind, state FROM promotion_requests WHERE model_id = ${this.model.id}::uuid ORDER BY number`);
    expect(requests).toEqual(reference.requests.map(({ number, kind, state }) => ({ number, kind, state })));
    const standing = await db.query<{ number: number; principal: string; verdict: string }>(sql`
      SELECT r.number, d.principal_id AS principal, d.verdict FROM decisions d JOIN promotion_requests r ON r.id = d.request_id
      WHERE r.model_id = ${this.model.id}::uuid AND d.ended_at IS NULL`);
    const words = ({ number, principal, verdict }: (typeof standing)[0]) => `${number} ${principal} ${verdict}`;
    const expected = reference.requests.flatMap(({ number, decisions }) =>
      decisions.map(({ who, verdict }) => ({ number, principal: this.who[who].id, verdict })),
    );
    expect(standing.map(words).sort()).toEqual(expected.map(words).sort());
    expect((await this.t.holderOf(this.model)) ?? null).toBe(reference.holder);
    expect(await this.brokenInvariants()).toEqual([]);
  }

  /** Worked out from the rows alone, without the reference and without the service. */
  private brokenInvariants(): Promise<unknown[]> {
    return this.t.db.query(sql`
      WITH moves AS (
        SELECT m.*, lag(m.version_number) OVER (ORDER BY m.occurred_at, m.id) AS before
        FROM stage_transitions m WHERE m.model_id = ${this.model.id}::uuid
      )
      SELECT m.id, r.number FROM moves m LEFT JOIN promotion_requests r ON r.id = m.promotion_request_id
      WHERE r.state IS DISTINCT FROM 'APPLIED' OR m.break_glass <> (r.kind = 'BREAK_GLASS')
        OR m.replaced_version_number IS DISTINCT FROM m.before OR m.version_number <> r.version_number
        OR r.kind <> 'BREAK_GLASS' AND (
          EXISTS (SELECT 1 FROM gate_runs g WHERE g.request_id = r.id AND g.round = r.round AND g.required
            AND g.status NOT IN ('PASSED', 'WAIVED'))
          OR 2 > (SELECT count(DISTINCT d.principal_id) FROM decisions d JOIN model_versions v ON v.id = r.version_id
            WHERE d.request_id = r.id AND d.verdict = 'APPROVE' AND d.ended_at IS NULL
              AND d.evidence_digest = r.evidence_digest AND d.principal_id NOT IN (r.requester_id, v.created_by)))
      UNION ALL
      SELECT a.version_id, NULL FROM model_aliases a JOIN model_versions v ON v.id = a.version_id
      WHERE a.model_id = ${this.model.id}::uuid
        AND v.number IS DISTINCT FROM (SELECT m.version_number FROM moves m ORDER BY m.occurred_at DESC, m.id DESC LIMIT 1)
      UNION ALL
      SELECT w.id, NULL FROM gate_waivers w JOIN promotion_requests r ON r.id = w.request_id
      WHERE w.state = 'CONFIRMED' AND w.decided_by IN (w.proposed_by, r.requester_id)`);
  }

  private rules() {
    const two = { name: 'two leads', count: 2, principalIds: [this.leads.id] };
    return { protects: { aliases: ['champion'] }, gates, approvals: [two] };
  }

  private ids(right: string): string[] {
    return people.filter((name) => holds(name, right)).map((name) => this.who[name].id);
  }
}

const holds = (name: Person, right: string): boolean => (rights[name] as readonly string[]).includes(right);
