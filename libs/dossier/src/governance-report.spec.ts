import { METASTORE_ID, type Securable } from '@app/access';
import { TransactionalPool } from '@app/platform';
import { Sealer } from '@app/transparency';
import { parse } from 'csv-parse/sync';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import {
  type GovernanceWorld,
  type MadeTransition,
  makeGovernanceWorld,
} from '../../../test/support/governance-world.js';
import { createPromotionTest, type PromotionTest } from '../../../test/support/promotion.js';
import { protects } from '../../policy/src/policy.js';
import { DossierModule } from './dossier.module.js';
import { governanceReportCsv } from './governance-report-csv.js';
import { type AskedReport, GovernanceReports } from './governance-reports.service.js';

const always = { from: new Date('2020-01-01'), to: new Date('2029-01-01') };

describe('the report on a period', () => {
  let t: PromotionTest;
  let world: GovernanceWorld;
  let auditor: TestPrincipal;

  beforeAll(async () => {
    t = await createPromotionTest({}, [DossierModule]);
    auditor = await t.make.user('auditor');
    await t.make.grant(auditor, { id: METASTORE_ID }, 'READ_AUDIT');
    world = await makeGovernanceWorld(t, 20_261_121);
  });
  afterAll(() => t.close());

  const report = (asked: AskedReport, who = auditor) => t.as(who, () => t.module.get(GovernanceReports).report(asked));

  /** By the book, one by one. */
  const isProtected = ({ model, target, at }: MadeTransition): boolean => {
    const path = [METASTORE_ID, model?.catalogId, model?.schemaId, model?.id];
    return world.policies.some(({ securableId, retiredAt, revisions }) => {
      if (!path.includes(securableId) || (retiredAt && retiredAt <= at)) return false;
      const rules = revisions.filter(({ createdAt }) => createdAt <= at).at(-1)?.rules;
      return rules !== undefined && !rules.dryRun && protects(rules, target);
    });
  };
  const expectedOf = ({ from, to, within }: AskedReport) => {
    const during = (at: Date | null) => at !== null && at >= from && at < to;
    const inside = (model: Securable | null) =>
      within == null || (model !== null && `${model.fullName}.`.startsWith(`${within}.`));
    const moves = world.transitions.filter((move) => move.version !== null && during(move.at) && inside(move.model));
    const ways = (wanted: boolean) => {
      const those = moves.filter((move) => isProtected(move) === wanted);
      const by = (way: string) => those.filter((move) => move.way === way).length;
      return { total: those.length, byRequest: by('byRequest'), breakGlass: by('breakGlass'), direct: by('direct') };
    };
    const requests = world.requests.filter(({ model }) => inside(model));
    const closed = requests.filter(({ closedAt }) => during(closedAt));
    const applied = closed.filter(({ state }) => state === 'APPLIED');
    const decisions = requests.flatMap((request) => request.decisions).filter(({ at }) => during(at));
    const verdicts = (wanted: string) => decisions.filter(({ verdict }) => verdict === wanted).length;
    const waits = requests
      .flatMap((request) => {
        const first = request.decisions.map(({ at }) => at.getTime()).sort((x, y) => x - y)[0];
        return first !== undefined && during(new Date(first)) ? [(first - request.createdAt.getTime()) / 1000] : [];
      })
      .sort((x, y) => x - y);
    const middle = waits.length / 2;
    const median =
      waits.length === 0
        ? null
        : waits.length % 2 === 1
          ? waits[Math.floor(middle)]
          : ((waits[middle - 1] as number) + (waits[middle] as number)) / 2;
    const gates = requests.flatMap((request) => request.gates).filter(({ at }) => during(at));
    const statuses = [...new Set(gates.map(({ status }) => status))].sort();
    return {
      transitions: { total: moves.length, protected: ways(true), unprotected: ways(false) },
      requests: {
        opened: requests.filter(({ createdAt }) => during(createdAt)).length,
        applied: applied.length,
        rejected: closed.filter(({ state }) => state === 'REJECTED').length,
        otherwiseClosed: closed.filter(({ state }) => state === 'EXPIRED').length,
        appliedWithEvidence: applied.filter(({ hasEvidence }) => hasEvidence).length,
        appliedWithStatement: applied.filter(({ hasStatement }) => hasStatement).length,
      },
      decisions: {
        approve: verdicts('APPROVE'),
        reject: verdicts('REJECT'),
        requestChanges: verdicts('REQUEST_CHANGES'),
        medianSecondsToFirst: median === null ? null : expect.closeTo(median as number, 3),
      },
      gates: statuses.map((status) => ({ status, count: gates.filter((gate) => gate.status === status).length })),
    };
  };

  it('counts what somebody counts who goes through everything one by one', async () => {
    expect(expectedOf(always).transitions.protected.total).toBeGreaterThan(50);
    expect(expectedOf(always).transitions.unprotected.total).toBeGreaterThan(50);
    const places = [null, 'prod', 'prod.fraud', 'lab', world.models[0]!.fullName, world.models[3]!.fullName];
    for (const within of places) {
      for (let round = 0; round < 6; round += 1) {
        const [from, to] = [world.instant(), world.instant()].sort((x, y) => x.getTime() - y.getTime());
        const asked = round === 0 ? { ...always, within } : { from: from as Date, to: to as Date, within };
        expect({ asked, ...(await report(asked)) }).toMatchObject({ asked, ...expectedOf(asked) });
      }
    }
  });

  it('names the holders of Production and champion that no policy covers now', async () => {
    await t.db.execute(sql`UPDATE policies SET retired_at = now()`);
    const covered = await t.model('prod.fraud.covered');
    await t.policy(covered, { protects: { aliases: ['champ*'] } }, 'mine');
    const bare = await t.model('prod.fraud.bare');
    for (const model of [covered, bare]) {
      const version = await t.version(model.fullName);
      await t.db.execute(sql`INSERT INTO model_aliases (model_id, alias, version_id)
        VALUES (${model.id}::uuid, 'Champion', ${version.id}::uuid)`);
      await t.db.execute(sql`UPDATE model_versions SET stage = 'Production' WHERE id = ${version.id}::uuid`);
    }
    expect((await report({ ...always, within: 'prod' })).holders).toEqual({
      total: 4,
      uncovered: 3,
      holders: [
        { model: 'prod.fraud.bare', target: 'alias Champion', version: 1 },
        { model: 'prod.fraud.bare', target: 'stage Production', version: 1 },
        { model: 'prod.fraud.covered', target: 'stage Production', version: 1 },
      ],
    });
    expect((await report({ ...always, within: 'lab' })).holders.total).toBe(0);
  });

  it('says how far the audit trail is sealed, and whether its checkpoint holds', async () => {
    while ((await t.module.get(Sealer).seal()).sealed > 0);
    const count = await t.db.first<{ count: number }>(sql`SELECT count(*) AS count FROM audit_events`);
    const { audit } = await report(always);
    expect(audit).toMatchObject({ events: count?.count, sealed: count?.count, checkpoint: { problem: null } });
    expect((await report({ ...always, within: 'lab.tests.a' })).audit.events).toBe(0);
  });

  it('has the violations of the place, and writes a file in which nothing is a formula', async () => {
    const [mine, other] = [world.models[0] as Securable, world.models[2] as Securable];
    for (const model of [mine, other]) {
      await t.db.execute(sql`INSERT INTO audit_events (id, actor_name, action, outcome, object_kind, object_name, securable_id,
          schema_id, catalog_id, after, reason)
        VALUES (gen_random_uuid(), 'x', 'promotion_request.decide.refused', 'REFUSED', 'REGISTERED_MODEL', ${model.fullName},
          ${model.id}::uuid, ${model.schemaId}::uuid, ${model.catalogId}::uuid, '{"rule": "ACTOR_CANNOT_REVIEW"}', '=cmd()')`);
    }
    const { violations } = await report({ ...always, within: 'lab' });
    expect(violations.counts).toEqual([{ kind: 'SELF_APPROVAL_REFUSED', count: 1 }]);
    expect(violations.newest).toMatchObject([{ modelFullName: other.fullName, requestNumber: null, url: null }]);
    const whole = await report(always);
    expect(whole.violations.counts).toEqual([{ kind: 'SELF_APPROVAL_REFUSED', count: 2 }]);
    const rows = parse(governanceReportCsv(whole), { columns: true, relax_column_count: true }) as Record<
      string,
      string
    >[];
    expect(Object.values(Object.assign({}, ...rows)).filter((cell) => /^[=+\-@]/.test(String(cell)))).toEqual([]);
    expect(rows.filter(({ subject }) => subject === 'violation').map(({ value }) => value)).toEqual([
      "'=cmd()",
      "'=cmd()",
    ]);
    const direct = rows.find((row) => row.subject?.includes('onto protected') && row.measure === 'direct');
    expect(direct?.value).toBe(String(whole.transitions.protected.direct));
  });

  it('is for who may READ_AUDIT there, takes a period, and a constant number of statements', async () => {
    const local = await t.make.user();
    await t.make.grant(local, t.schema, 'READ_AUDIT');
    expect((await report({ ...always, within: 'prod.fraud' }, local)).within).toBe('prod.fraud');
    await expect(report(always, local)).rejects.toMatchObject({ kind: 'PERMISSION_DENIED' });
    for (const within of ['lab', 'lab.tests', 'lab.tests.a', 'nowhere']) {
      for (const who of [local, t.leads[0]]) {
        const message = expect.stringContaining(`${within}`);
        await expect(report({ ...always, within }, who)).rejects.toMatchObject({ kind: 'NOT_FOUND', message });
      }
    }
    await expect(report({ from: always.to, to: always.from })).rejects.toThrow('is not before to');
    const query = jest.spyOn(t.module.get(TransactionalPool), 'query');
    await report(always);
    const many = query.mock.calls.length;
    query.mockClear();
    await report({ from: new Date('2020-01-01'), to: new Date('2020-01-02') });
    expect([many, many < 40]).toEqual([query.mock.calls.length, true]);
    query.mockRestore();
  });
});
