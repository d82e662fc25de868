import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Securable } from '@app/access';
import { type DsseEnvelope, SigningKeys } from '@app/signing';
import sql from 'sql-template-tag';
import { createPromotionTest, type PromotionTest } from '../../../../test/support/promotion.js';
import type { PromotionRequest } from '../promotion-request.js';
import { PromotionStatements } from './promotion-statements.service.js';

const script = path.resolve(__dirname, '../../../../scripts/verify-statement.mjs');
const gates = [{ key: 'bytes', type: 'ARTIFACT_INTEGRITY', config: {} }];

// biome-ignore lint/suspicious/noExplicitAny: a test reads and forges statements of any shape.
type Statement = any;
const statementIn = ({ payload }: DsseEnvelope): Statement => JSON.parse(Buffer.from(payload, 'base64').toString());

describe('PromotionStatements', () => {
  let t: PromotionTest;
  let model: Securable;
  beforeAll(async () => {
    t = await createPromotionTest();
    await t.policy(t.catalog, { protects: { aliases: ['champion'], stages: ['Production'] }, gates });
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    model = await t.model();
  });

  const apply = async (target?: { kind: 'STAGE' | 'ALIAS'; name: string }): Promise<PromotionRequest> => {
    const request = await t.runGates(await t.request(await t.trained(model), target));
    await t.decide(t.leads[0], request);
    const applied = await t.decide(t.leads[1], request);
    expect(applied.state).toBe('APPLIED');
    return applied;
  };
  const envelopeOf = ({ number }: PromotionRequest): Promise<DsseEnvelope> =>
    t.as(t.scientist, async () => (await t.module.get(PromotionStatements).byNumber(number)).envelope);
  const keySet = async () => {
    const history = await t.module.get(SigningKeys).history();
    const jwk = { kty: 'OKP', crv: 'Ed25519' };
    return { keys: history.map(({ publicKey, ...key }) => ({ ...jwk, ...key, x: publicKey })) };
  };

  /** The program for verifiers, on files, as somebody else would run it. */
  const verify = async (envelope: unknown, keys: unknown, digest?: string) => {
    const files = { statement: envelope, keys };
    const [statementFile, keysFile] = Object.entries(files).map(([name, content]) => {
      const file = path.join(t.env.DATA_DIR as string, `${name}.json`);
      fs.writeFileSync(file, JSON.stringify(content));
      return file;
    }) as [string, string];
    const args = [script, statementFile, keysFile, ...(digest ? [digest] : [])];
    return promisify(execFile)(process.execPath, args).then(
      ({ stdout }) => ({ code: 0, said: JSON.parse(stdout) }),
      ({ code, stderr }) => ({ code, said: stderr as string }),
    );
  };

  it('says who moved what where, on which evidence, by whose decisions', async () => {
    const applied = await apply();
    const envelope = await envelopeOf(applied);
    const statement = statementIn(envelope);
    const [transition] = await t.db.query<{ id: string; at: Date }>(sql`
      SELECT id, occurred_at AS at FROM stage_transitions WHERE promotion_request_id = ${applied.id}::uuid`);
    expect(statement).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: `${model.fullName}/1`, digest: { sha256: applied.artifactDigest.slice('sha256:'.length) } }],
      predicateType: 'https://imprimatur.dev/attestations/promotion/v1',
      predicate: {
        request: { number: applied.number, requester: { id: t.scientist.id, name: 'scientist' } },
        model: { id: model.id, fullName: model.fullName },
        version: 1,
        target: { kind: 'ALIAS', name: 'champion' },
        evidence: { policies: [{ name: 'prod', revision: 1 }], gates: [{ key: 'prod/bytes', status: 'PASSED' }] },
        evidenceDigest: applied.evidenceDigest,
        approvals: [{ policy: 'prod', name: 'two leads', need: 2 }],
        transition: { id: transition?.id, replacedVersion: null },
        appliedAt: transition?.at.toISOString(),
      },
    });
    const { decisions, approvals } = statement.predicate;
    const leads = t.leads.slice(0, 2).map(({ id, name }) => ({ id, name }));
    expect(decisions.map(({ reviewer }: Statement) => reviewer)).toEqual(leads);
    expect(decisions.map(({ evidenceDigest }: Statement) => evidenceDigest)).toEqual(
      leads.map(() => applied.evidenceDigest),
    );
    expect(approvals[0].counted).toEqual(expect.arrayContaining(leads));
  });

  it('is verified offline, by a program that needs Node and nothing else', async () => {
    const applied = await apply();
    const { code, said } = await verify(await envelopeOf(applied), await keySet(), applied.artifactDigest);
    expect({ code, said }).toMatchObject({ code: 0, said: { verified: true, request: applied.number, version: 1 } });
    expect(fs.readFileSync(script, 'utf8').match(/from '(.*)'/g)).toEqual(["from 'node:crypto'", "from 'node:fs'"]);
  });

  it('names the move of the promoted version, where the former holder is archived with it', async () => {
    await apply({ kind: 'STAGE', name: 'Production' });
    const second = await apply({ kind: 'STAGE', name: 'Production' });
    const { predicate } = statementIn(await envelopeOf(second));
    const moves = await t.db.query<{ id: string; to: string }>(sql`
      SELECT id, to_stage AS to FROM stage_transitions WHERE promotion_request_id = ${second.id}::uuid ORDER BY to_stage`);
    expect(moves.map(({ to }) => to)).toEqual(['Archived', 'Production']);
    expect(predicate.transition).toEqual({ id: moves[1]?.id, replacedVersion: 1 });
  });

  it('is one for each applied request, and none for any other', async () => {
    const applied = await apply();
    const open = await t.runGates(await t.request(await t.trained(model)));
    const counted = await t.db.query(sql`
      SELECT r.state, count(s.request_id) AS statements FROM promotion_requests r
      LEFT JOIN promotion_statements s ON s.request_id = r.id WHERE r.model_id = ${model.id}::uuid GROUP BY r.state`);
    expect(counted).toEqual(
      expect.arrayContaining([
        { state: 'APPLIED', statements: 1 },
        { state: 'AWAITING_APPROVAL', statements: 0 },
      ]),
    );
    await expect(envelopeOf(open)).rejects.toMatchObject({
      kind: 'NOT_FOUND',
      message: expect.stringContaining('it is AWAITING_APPROVAL'),
    });
    for (const change of [
      sql`UPDATE promotion_statements SET envelope = '{}' WHERE request_id = ${applied.id}::uuid`,
      sql`DELETE FROM promotion_statements WHERE request_id = ${applied.id}::uuid`,
      sql`TRUNCATE promotion_statements`,
    ]) {
      await expect(t.db.execute(change)).rejects.toThrow('append-only');
    }
  });

  it('moves nothing when it cannot be signed', async () => {
    const request = await t.runGates(await t.request(await t.trained(model)));
    await t.decide(t.leads[0], request);
    const broken = jest.spyOn(t.module.get(SigningKeys), 'seal').mockRejectedValueOnce(new Error('no key'));
    await expect(t.decide(t.leads[1], request)).rejects.toThrow('no key');
    broken.mockRestore();
    expect(await t.again(request)).toMatchObject({ state: 'AWAITING_APPROVAL' });
    expect(await t.holderOf(model)).toBeUndefined();
    expect(await t.decide(t.leads[1], request)).toMatchObject({ state: 'APPLIED' });
  });

  describe('what was tampered with', () => {
    let envelope: DsseEnvelope;
    let applied: PromotionRequest;
    beforeEach(async () => {
      applied = await apply();
      envelope = await envelopeOf(applied);
    });

    /** The statement with a change, signed as it was, or by the service itself. */
    const forged = async (change: (statement: Statement) => void, signed = false): Promise<DsseEnvelope> => {
      const statement = statementIn(envelope);
      change(statement);
      const text = JSON.stringify(statement);
      if (signed) return t.as(t.scientist, () => t.module.get(SigningKeys).seal(envelope.payloadType, text));
      return { ...envelope, payload: Buffer.from(text).toString('base64') };
    };

    it.each<[string, (statement: Statement) => void]>([
      ['the subject', ({ subject }) => Object.assign(subject[0].digest, { sha256: '0'.repeat(64) })],
      ['a decision', ({ predicate }) => Object.assign(predicate.decisions[0], { verdict: 'REJECT' })],
      ['the time', ({ predicate }) => Object.assign(predicate, { appliedAt: '2020-01-01T00:00:00.000Z' })],
    ])('is found: %s', async (_, change) => {
      const { code, said } = await verify(await forged(change), await keySet());
      expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining('the signature is wrong') });
    });

    it.each<[string, (statement: Statement) => void, string]>([
      [
        'a gate result',
        ({ predicate }) => Object.assign(predicate.evidence.gates[0], { status: 'FAILED' }),
        'evidence',
      ],
      ['another version', ({ predicate }) => Object.assign(predicate, { version: 2 }), 'subject'],
      ['another target', ({ predicate }) => Object.assign(predicate.target, { name: 'x' }), 'another target'],
      ['an approval that nobody gave', ({ predicate }) => predicate.decisions.pop(), 'has not approved'],
      ['another predicate', (statement) => Object.assign(statement, { predicateType: 'x' }), 'predicateType'],
    ])('is found though it is signed: %s', async (_, change, message) => {
      const { code, said } = await verify(await forged(change, true), await keySet());
      expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining(message) });
    });

    it('is found: another type, no signature, a key that is not known, another artifact', async () => {
      const keys = await keySet();
      const stranger = { keys: keys.keys.map((key) => ({ ...key, kid: 'another' })) };
      const [own] = keys.keys;
      const early = { keys: [{ ...own, retiredAt: '2020-01-01T00:00:00.000Z' }] };
      const other = `sha256:${createHash('sha256').update('other bytes').digest('hex')}`;
      const outcomes = [
        await verify({ ...envelope, payloadType: 'text/plain' }, keys),
        await verify({ ...envelope, signatures: [] }, keys),
        await verify(envelope, stranger),
        await verify(envelope, early),
        await verify(envelope, keys, other),
      ];
      expect(outcomes.map(({ code }) => code)).toEqual([1, 1, 1, 1, 1]);
      expect(outcomes.map(({ said }) => said)).toEqual([
        expect.stringContaining('payloadType'),
        expect.stringContaining('is not signed'),
        expect.stringContaining('no known key'),
        expect.stringContaining('was retired'),
        expect.stringContaining(`not about ${other}`),
      ]);
    });
  });
});
