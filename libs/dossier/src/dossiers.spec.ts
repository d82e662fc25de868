import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { canonicalJson, TransactionalPool } from '@app/platform';
import { BreakGlass } from '@app/promotion';
import sql, { raw, type Sql } from 'sql-template-tag';
import { createDossierTest, type DossierTest } from '../../../test/support/dossier.js';
import { champion } from '../../../test/support/promotion.js';
import { completenessRules } from './completeness.js';
import { dossierJsonSchema } from './dossier.schema.js';
import { sections } from './headings.schema.js';

describe('the dossier of a promotion', () => {
  let t: DossierTest;
  beforeAll(async () => {
    t = await createDossierTest();
  });
  afterAll(() => t.close());

  it('has the schema that docs/dossier.schema.json shows', () => {
    expect(JSON.parse(readFileSync('docs/dossier.schema.json', 'utf8'))).toEqual(dossierJsonSchema());
  });

  it('has a page that tells of every section and every item', () => {
    const page = readFileSync('docs/dossier.md', 'utf8');
    const told = [...sections, ...completenessRules.map(({ item }) => item)];
    expect(told.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('holds what there is of an applied promotion', async () => {
    const dossier = await t.of(t.auditor, t.applied);
    expect(dossier.notShown).toEqual([
      { section: 'training', why: expect.stringContaining('needs READ on the experiment of run') },
    ]);
    expect(dossier.request).toMatchObject({
      number: t.applied.number,
      state: 'APPLIED',
      version: 2,
      incumbent: 1,
      requester: { name: t.scientist.name },
    });
    expect(dossier.request.history.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['promotion_request.created', 'promotion_request.applied']),
    );
    expect(dossier.version).toMatchObject({
      name: `${t.scorer.fullName}/2`,
      card: { file: 'README.md', sections: expect.arrayContaining(['intended use', 'limitations']) },
      artifact: { files: 3, omitted: 0 },
      requirements: ['numpy==1.0'],
    });
    expect(dossier.evidence).toMatchObject({ verified: true, digest: t.applied.evidenceDigest });
    const sha256 = createHash('sha256').update(canonicalJson(dossier.evidence?.content)).digest('hex');
    expect(`sha256:${sha256}`).toBe(t.applied.evidenceDigest);
    expect(dossier.gates).toMatchObject([
      { key: 'prod/auc', status: 'PASSED', configuration: { metric: 'auc', min: 0.8 } },
    ]);
    expect(dossier.decisions).toMatchObject([
      { verdict: 'APPROVE', comment: 'measured on the holdout', rules: ['prod/two leads'], stale: false },
      { verdict: 'APPROVE', comment: null, rules: ['prod/two leads'] },
    ]);
    expect(dossier.approvals).toMatchObject([{ rule: 'prod/two leads', need: 2, counted: [{}, {}] }]);
    expect(dossier.policies).toMatchObject([{ name: 'prod', text: { author: { name: t.governor.name } } }]);
    expect(dossier.discussion).toMatchObject([{ blocking: false, comments: [{ text: 'why?' }] }]);
    const payload = JSON.parse(
      Buffer.from(
        (dossier.statement as unknown as { envelope: { payload: string } }).envelope.payload,
        'base64',
      ).toString(),
    );
    expect(payload.predicate.evidenceDigest).toBe(t.applied.evidenceDigest);
  });

  it('proves each event against one checkpoint', async () => {
    const { events } = await t.of(t.auditor, t.applied);
    const entries = events?.entries ?? [];
    expect(entries.length).toBeGreaterThan(3);
    const sha = (...parts: Uint8Array[]) => {
      const hash = createHash('sha256');
      for (const part of parts) hash.update(part);
      return hash.digest();
    };
    for (const { sequence, entry, leafHash, proof } of entries) {
      let hash = sha(Buffer.of(0), Buffer.from(entry as string));
      expect(hash.toString('base64')).toBe(leafHash);
      // RFC 9162, 2.1.3.2, by a reader of its own.
      let [fn, sn] = [(sequence as number) - 1, (events?.treeSize as number) - 1];
      for (const step of proof.map((text) => Buffer.from(text, 'base64'))) {
        if (fn % 2 === 1 || fn === sn) {
          hash = sha(Buffer.of(1), step, hash);
          while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
        } else hash = sha(Buffer.of(1), hash, step);
        [fn, sn] = [fn >> 1, sn >> 1];
      }
      expect([sn, hash.toString('base64')]).toEqual([0, events?.rootHash]);
    }
    expect(events?.checkpoint).toContain(events?.rootHash);
  });

  it('is the same, byte for byte, while nothing of it changes, whatever else happens', async () => {
    const before = await t.written(t.auditor, t.applied);
    const other = await t.request(await t.trained(await t.model(), { auc: 0.9 }));
    await t.seal();
    const after = await t.written(t.auditor, t.applied);
    expect(after.json).toBe(before.json);
    expect(after.sha256).toBe(createHash('sha256').update(before.json).digest('hex'));
    expect((await t.written(t.auditor, other)).sha256).not.toBe(before.sha256);
  });

  it('says what is missing, also before anybody has approved', async () => {
    const early = await t.request(await t.trained(t.scorer, { auc: 0.9 }));
    await t.seal();
    const before = await t.of(t.auditor, early);
    expect(['EVIDENCE', 'GATES', 'APPROVALS', 'STATEMENT'].map((item) => t.stateOf(before, item))).toEqual(
      Array(4).fill('PENDING'),
    );
    expect(t.stateOf(before, 'INTENDED_USE')).toBe('MISSING');
    expect(before.completeness.items.find(({ item }) => item === 'INTENDED_USE')).toMatchObject({
      todo: expect.stringContaining('add the section "Intended use" to the model card'),
      headings: ['Annex IV, 1', 'Implementation and use', 'A.9.4'],
    });
    const after = await t.of(t.auditor, t.applied);
    expect(
      ['EVIDENCE', 'GATES', 'APPROVALS', 'STATEMENT', 'INTENDED_USE', 'AUDIT_EVENTS'].map((item) =>
        t.stateOf(after, item),
      ),
    ).toEqual(Array(6).fill('PRESENT'));
    expect(t.stateOf(after, 'REASONS_OF_DECISIONS')).toBe('MISSING');
    const { score, present, applicable } = after.completeness;
    expect(score).toBe(Math.round((present / applicable) * 1000) / 1000);
  });

  it('sees that evidence was changed past the service', async () => {
    const forged = await t.runGates(await t.request(await t.trained(await t.model(), { auc: 0.9 })));
    await t.db.execute(
      sql`UPDATE promotion_requests SET evidence = jsonb_set(evidence, '{version}', '77') WHERE id = ${forged.id}::uuid`,
    );
    const dossier = await t.of(t.auditor, forged);
    expect(dossier.evidence?.verified).toBe(false);
    expect(t.stateOf(dossier, 'EVIDENCE')).toBe('MISSING');
  });

  it('takes the same statements, however much there is', async () => {
    const counted = async (work: () => Promise<unknown>) => {
      const query = jest.spyOn(t.module.get(TransactionalPool), 'query');
      await work();
      const { length } = query.mock.calls;
      query.mockRestore();
      return length;
    };
    await t.written(t.auditor, t.applied);
    const few = await counted(() => t.written(t.auditor, t.applied));
    await t.db.execute(sql`INSERT INTO decisions (id, request_id, principal_id, verdict, evidence_digest, ended_at, ending)
      SELECT gen_random_uuid(), ${t.applied.id}::uuid, ${t.leads[2].id}::uuid, 'APPROVE', 'sha256:x', now(), 'WITHDRAWN' FROM generate_series(1, 40)`);
    await t.db.execute(sql`INSERT INTO gate_runs (id, request_id, version_id, policy_revision_id, round, key, type, config, status)
      SELECT gen_random_uuid(), ${t.applied.id}::uuid, version_id, policy_revision_id, round, 'more/' || n, type, config, status
      FROM gate_runs, generate_series(1, 40) AS n WHERE request_id = ${t.applied.id}::uuid`);
    await t.db.execute(sql`INSERT INTO gate_logs (gate_run_id, line, text)
      SELECT g.id, n, repeat('x', 3000) FROM gate_runs g, generate_series(1000, 1500) AS n WHERE g.request_id = ${t.applied.id}::uuid`);
    expect(await counted(() => t.written(t.auditor, t.applied))).toBe(few);
    const dossier = await t.of(t.auditor, t.applied);
    expect([dossier.gates.length, dossier.decisions.length]).toEqual([41, 42]);
    const [, gate] = dossier.gates;
    expect([gate?.log.lines.length, gate?.log.omitted, gate?.log.lines[0]?.text.length]).toEqual([200, 301, 2000]);
    expect(few).toBeLessThan(60);
  });

  it('of a promotion past the policy says that its review is open', async () => {
    const onCall = await t.make.user();
    await t.make.grant(onCall, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'BREAK_GLASS');
    const past = { model: t.scorer.fullName, version: t.first.number, target: champion, justification: 'it burns' };
    const dossier = await t.of(t.auditor, await t.as(onCall, () => t.module.get(BreakGlass).promote(past)));
    expect(dossier.review).toMatchObject({ closedAt: null, outcome: null });
    expect([
      t.stateOf(dossier, 'BREAK_GLASS_REVIEW'),
      t.stateOf(dossier, 'APPROVALS'),
      t.stateOf(dossier, 'GATES'),
    ]).toEqual(['MISSING', 'NOT_APPLICABLE', 'MISSING']);
  });

  it('takes no event for proven that is not what was sealed, or is not kept', async () => {
    const { events } = await t.of(t.auditor, t.applied);
    const entries = (events?.entries ?? []).map(({ entry }) => JSON.parse(entry as string));
    const change = (statement: Sql) =>
      t.db.execute(sql`DO $$ BEGIN ALTER TABLE audit_events DISABLE TRIGGER USER; ${statement};
        ALTER TABLE audit_events ENABLE TRIGGER USER; END $$`);
    await change(raw(`UPDATE audit_events SET reason = 'another' WHERE id = '${entries[1].id}'`));
    await change(raw(`DELETE FROM audit_events WHERE id = '${entries[2].id}'`));
    const dossier = await t.of(t.auditor, t.applied);
    expect(dossier.events?.entries.map(({ entry }) => entry !== null)).toEqual(
      entries.map((_, index) => index !== 1 && index !== 2),
    );
    expect(dossier.events?.entries[1]).toMatchObject({ sequence: entries[1].sequence, entry: null });
    expect(t.stateOf(dossier, 'AUDIT_EVENTS')).toBe('MISSING');
    expect(dossier.request.history).toHaveLength(entries.length - 1);
  });
});
