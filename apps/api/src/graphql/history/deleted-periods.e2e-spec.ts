import { METASTORE_ID } from '@app/access';
import { AuditLog } from '@app/audit';
import { actAs } from '@app/platform';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';
import { createRegistryDoor, type RegistryDoor } from '../../../../../test/support/registry-door.js';

const model = 'prod.fraud.scorer';
const move = (version: string, stage: string) => ({ name: model, version, stage, archive_existing_versions: true });

/** What the log cannot tell any more is not told wrong. */
describe('the past', () => {
  let d: RegistryDoor;
  let auditor: TestPrincipal;
  const instants: string[] = [];

  beforeAll(async () => {
    d = await createRegistryDoor();
    auditor = await d.t.make.user('auditor');
    await d.t.make.grant(auditor, { id: METASTORE_ID }, 'READ_AUDIT');
    await d.model(model, 2);
    const noted = async () => {
      const row = await d.t.db.first<{ at: Date }>(sql`SELECT clock_timestamp() AS at, pg_sleep(0.003)`);
      instants.push(JSON.stringify(row?.at));
    };
    await noted();
    for (const [version, stage] of [
      ['1', 'Production'],
      ['2', 'Production'],
      ['2', 'Staging'],
    ] as const) {
      const { status } = await d.post('model-versions/transition-stage', move(version, stage));
      expect(status).toBe(200);
      await noted();
    }
  });
  afterAll(() => d.close());

  const holders = async (stage: string, who = d.reader) => {
    const asked = instants.map((at, i) => `v${i}: versionByStage(stage: ${stage}, asOf: ${at}) { number }`);
    const { data } = await graphql(d.t, who.token, `{ model(fullName: "${model}") { ${asked.join(' ')} } }`);
    return data.model && instants.map((_, i) => data.model[`v${i}`]?.number ?? null);
  };
  const state = () =>
    graphql(
      d.t,
      auditor.token,
      `{ securableState(kind: METASTORE, fullName: "metastore", at: ${instants.at(-1)}) { ownerName } }`,
    );
  const changes = () =>
    graphql(
      d.t,
      auditor.token,
      `{ changesBetween(fullName: "${model}", from: ${instants[0]}, to: ${instants[1]}, first: 5) { totalCount } }`,
    );
  /** As the database's function writes it. */
  const deleted = (eventClass: string) =>
    actAs(d.owner, () =>
      d.t.app.get(AuditLog, { strict: false }).record({
        action: 'audit_log.period_deleted',
        object: { kind: 'AUDIT_RETENTION', id: null, name: 'audit log', within: null },
        after: { class: eventClass, first: 1, last: 1, count: 1, sequences: [[1, 1]] },
        reason: 'our rules',
      }),
    );

  it('knows who held a stage as of each instant, and tells only who may read the model', async () => {
    expect(await holders('PRODUCTION')).toEqual([null, 1, 2, null]);
    expect(await holders('STAGING')).toEqual([null, null, null, 2]);
    expect(await holders('ARCHIVED')).toEqual([null, null, 1, 1]);
    expect(await holders('PRODUCTION', d.stranger)).toBeNull();
  });

  it('is told as long as nothing that it is folded from was deleted', async () => {
    await deleted('REFUSALS');
    await deleted('TRACKING');
    expect((await state()).data.securableState.ownerName).toBe('metastore-admins');
    expect((await changes()).data.changesBetween.totalCount).toBeGreaterThan(0);

    await deleted('GOVERNANCE');
    for (const answer of [await state(), await changes()]) {
      expect(answer.errors?.[0]).toMatchObject({
        message: expect.stringMatching(
          /^events of the class GOVERNANCE were deleted from the log, as event \S+ records/,
        ),
        extensions: { code: 'BAD_USER_INPUT' },
      });
    }
    expect(await holders('PRODUCTION')).toEqual([null, 1, 2, null]);
  });
});
