import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { AuditLog } from '@app/audit';
import { Config, LOGGER, loadConfig, Transaction } from '@app/platform';
import sql from 'sql-template-tag';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { preAuthenticationEncoding } from './dsse.js';
import { SigningModule } from './signing.module.js';
import { SigningKeyRepository } from './signing-key.repository.js';
import { SigningKeys } from './signing-keys.service.js';

const somebody = { id: '00000000-0000-7000-8000-0000000000aa', name: 'somebody', kind: 'USER' };
const pem = (type: 'ed25519' | 'x25519' = 'ed25519') =>
  generateKeyPairSync(type as 'ed25519')
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();

describe('SigningKeys', () => {
  let t: TestModule;
  let file: string;
  let keys: SigningKeys;
  beforeEach(async () => {
    t = await createTestModule([SigningModule]);
    file = t.module.get(Config).signingKeyFile;
    keys = t.module.get(SigningKeys);
  });
  afterEach(() => t.close());

  const seal = (of: SigningKeys, text = '{"a":1}') =>
    t.as(somebody, () => t.module.get(Transaction).run(() => of.seal('application/json', text)));
  const rotate = () => {
    fs.writeFileSync(`${file}.new`, pem(), { mode: 0o600 });
    fs.renameSync(`${file}.new`, file);
  };
  /** As a process that starts now: the same database, the file as it is. */
  const restarted = async () => {
    const repository = t.module.get(SigningKeyRepository);
    const started = new SigningKeys(t.module.get(AuditLog), t.module.get(Config), repository, t.module.get(LOGGER));
    await started.onModuleInit();
    return started;
  };
  const events = () =>
    t.db.query<{ action: string; name: string; actor: string }>(sql`
      SELECT action, object_name AS name, actor_name AS actor FROM audit_events ORDER BY occurred_at, id`);

  it('makes a key in the data directory, of the owner alone, and keeps it', async () => {
    expect(file).toBe(path.join(t.env.DATA_DIR as string, 'signing-key.pem'));
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(fs.readdirSync(path.dirname(file)).filter((name) => name.startsWith('signing-key'))).toHaveLength(1);
    const first = (await seal(keys)).signatures[0]?.keyid;
    expect((await seal(await restarted())).signatures[0]?.keyid).toBe(first);
    expect(await keys.history()).toMatchObject([{ kid: first, retiredAt: null }]);
  });

  it('signs the pre-authentication encoding of DSSE', async () => {
    expect(preAuthenticationEncoding('http://example.com/HelloWorld', Buffer.from('hello world')).toString()).toBe(
      'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
    );
    expect(preAuthenticationEncoding('ä', Buffer.from('ö')).toString()).toBe('DSSEv1 2 ä 2 ö');
    const { payload, payloadType, signatures } = await seal(keys, '{"ö":1}');
    const [key] = await keys.history();
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: key?.publicKey };
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    const bytes = Buffer.from(payload, 'base64');
    expect(bytes.toString()).toBe('{"ö":1}');
    const signature = Buffer.from(signatures[0]?.sig ?? '', 'base64');
    expect(verify(null, preAuthenticationEncoding(payloadType, bytes), publicKey, signature)).toBe(true);
    expect(verify(null, preAuthenticationEncoding('text/plain', bytes), publicKey, signature)).toBe(false);
  });

  it('rotates with another key in the file: the former one is known, and signs no more', async () => {
    const before = await seal(keys);
    rotate();
    const started = await restarted();
    const after = await seal(started);
    expect(after.signatures[0]?.keyid).not.toBe(before.signatures[0]?.keyid);
    const history = await keys.history();
    expect(history.map(({ kid, retiredAt }) => [kid, retiredAt !== null])).toEqual([
      [after.signatures[0]?.keyid, false],
      [before.signatures[0]?.keyid, true],
    ]);
    expect((await events()).map(({ action, actor }) => [action, actor])).toEqual([
      ['signing_key.introduced', 'imprimatur-gates'],
      ['signing_key.retired', 'imprimatur-gates'],
      ['signing_key.introduced', 'imprimatur-gates'],
    ]);

    // This process has the former key still: it refuses once, and reads the file again.
    await expect(seal(keys)).rejects.toMatchObject({ kind: 'UNAVAILABLE', reason: 'SIGNING_KEY_RETIRED' });
    let next: string | undefined;
    while (!next) next = (await seal(keys).catch(() => undefined))?.signatures[0]?.keyid;
    expect(next).toBe(after.signatures[0]?.keyid);
  });

  it('never signs with a key that was retired, whoever puts it back', async () => {
    const former = fs.readFileSync(file, 'utf8');
    await seal(keys);
    rotate();
    await seal(await restarted());
    fs.writeFileSync(file, former);
    const stubborn = await restarted();
    await expect(seal(stubborn)).rejects.toMatchObject({ reason: 'SIGNING_KEY_RETIRED' });
    await expect(seal(stubborn)).rejects.toMatchObject({ reason: 'SIGNING_KEY_RETIRED' });
    expect((await keys.history()).filter(({ retiredAt }) => retiredAt === null)).toHaveLength(1);
  });

  it('is introduced once by many who sign first at once', async () => {
    const sealed = await Promise.all(Array.from({ length: 8 }, () => seal(keys)));
    expect(new Set(sealed.map(({ signatures }) => signatures[0]?.keyid)).size).toBe(1);
    expect(await events()).toHaveLength(1);
  });

  it('keeps the history of keys from change and deletion', async () => {
    await seal(keys);
    for (const change of [
      sql`UPDATE signing_keys SET public_key = 'x'`,
      sql`UPDATE signing_keys SET introduced_at = now() - interval '1 day'`,
      sql`DELETE FROM signing_keys`,
      sql`TRUNCATE signing_keys CASCADE`,
    ]) {
      await expect(t.db.execute(change)).rejects.toThrow('append-only');
    }
    await t.db.execute(sql`UPDATE signing_keys SET retired_at = now() + interval '1 minute'`);
    await expect(t.db.execute(sql`UPDATE signing_keys SET retired_at = NULL`)).rejects.toThrow('append-only');
  });

  it('shows the private key in no dump of itself', async () => {
    const secret = fs.readFileSync(file, 'utf8').split('\n')[1] as string;
    expect(secret.length).toBeGreaterThan(40);
    expect(inspect(keys, { depth: 6, showHidden: true }) + JSON.stringify(await keys.history())).not.toContain(secret);
    const rows = await t.db.query(sql`SELECT to_jsonb(k) AS k FROM signing_keys k`);
    expect(JSON.stringify(rows)).not.toContain(secret);
  });
});

describe('SIGNING_KEY_FILE', () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'imprimatur-key-'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  const start = async (file: string) => {
    const config = loadConfig({ DATABASE_URL: 'postgresql://u@h/d', SIGNING_KEY_FILE: file });
    const warnings: unknown[] = [];
    const logger = { warn: (_: object, message: string) => warnings.push(message) };
    const keys = Reflect.construct(SigningKeys, [undefined, config, undefined, logger]) as SigningKeys;
    await keys.onModuleInit();
    return warnings;
  };

  it('must be there, and is never made', async () => {
    const file = path.join(folder, 'key.pem');
    await expect(start(file)).rejects.toThrow(`SIGNING_KEY_FILE ("${file}") does not exist`);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['something else', 'no key', 'cannot be read as a private key'],
    ['a key of another type', pem('x25519'), 'is of type x25519'],
  ])('is refused with %s, and the message has nothing of it', async (_, text, message) => {
    const file = path.join(folder, 'key.pem');
    fs.writeFileSync(file, text, { mode: 0o600 });
    const error: Error = await start(file).then(
      () => new Error('it was taken'),
      (thrown) => thrown,
    );
    expect(error.message).toContain(message);
    expect(inspect(error)).not.toContain(text.split('\n')[1] ?? 'no key');
  });

  it('is warned of when everybody on the machine can read it', async () => {
    const file = path.join(folder, 'key.pem');
    fs.writeFileSync(file, pem(), { mode: 0o600 });
    expect(await start(file)).toEqual([]);
    fs.chmodSync(file, 0o644);
    expect(await start(file)).toEqual([expect.stringContaining('chmod 600')]);
  });
});
