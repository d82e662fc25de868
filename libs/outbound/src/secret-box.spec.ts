import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadConfig } from '@app/platform';
import { pino } from 'pino';
import { SecretUnreadable } from './outbound.errors.js';
import { SecretBox } from './secret-box.service.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'imprimatur-secrets-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const warnings: string[] = [];
const logger = pino({ level: 'warn' }, { write: (line: string) => warnings.push(line) });
async function started(settings: Record<string, string>): Promise<SecretBox> {
  const config = loadConfig({ DATABASE_URL: 'postgresql://u@h/d', DATA_DIR: folder, ...settings });
  const box = new SecretBox(config, logger);
  await box.onModuleInit();
  return box;
}
const dataDir = () => ({ DATA_DIR: fs.mkdtempSync(path.join(folder, 'data-')) });

describe('SecretBox', () => {
  it('opens what it sealed, in another process too, and shows nothing of it', async () => {
    const settings = dataDir();
    const text = 'whsec_geheim ñ 秘密 \u0000';
    const sealed = (await started(settings)).seal(text, 'webhook:1');
    expect((await started(settings)).open(sealed, 'webhook:1')).toBe(text);
    expect(sealed).toMatch(/^v1\.[0-9a-f]{8}\.[\w-]+$/);
    expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').includes('geheim')).toBe(false);
  });

  it('seals the same text to something else each time, the empty one too', async () => {
    const box = await started(dataDir());
    const sealed = new Set(Array.from({ length: 50 }, () => box.seal('', 'here')));
    expect(sealed.size).toBe(50);
    for (const one of sealed) expect(box.open(one, 'here')).toBe('');
  });

  it('opens for the place that it was sealed for, and nowhere else', async () => {
    const box = await started(dataDir());
    const sealed = box.seal('secret', 'webhook:1');
    expect(() => box.open(sealed, 'webhook:2')).toThrow(SecretUnreadable);
  });

  it('opens nothing that was changed, in any byte, or cut off', async () => {
    const box = await started(dataDir());
    const sealed = box.seal('secret', 'here');
    const [version, key, encoded = ''] = sealed.split('.');
    const bytes = Buffer.from(encoded, 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => box.open(`${version}.${key}.${changed.toString('base64url')}`, 'here')).toThrow(SecretUnreadable);
      const cut = bytes.subarray(0, at).toString('base64url');
      expect(() => box.open(`${version}.${key}.${cut}`, 'here')).toThrow(SecretUnreadable);
    }
    for (const garbage of ['', 'v1', 'v2', `v2.${key}.${encoded}`, 'secret', '...']) {
      expect(() => box.open(garbage, 'here')).toThrow(SecretUnreadable);
    }
  });

  it('says that another key has sealed it', async () => {
    const sealed = (await started(dataDir())).seal('secret', 'here');
    const other = await started(dataDir());
    expect(() => other.open(sealed, 'here')).toThrow('sealed with another key');
  });

  it('makes one key for processes that start at once, of the owner alone', async () => {
    const settings = dataDir();
    const boxes = await Promise.all(Array.from({ length: 8 }, () => started(settings)));
    const sealed = boxes.map((box) => box.seal('secret', 'here'));
    for (const box of boxes) for (const one of sealed) expect(box.open(one, 'here')).toBe('secret');
    expect(fs.readdirSync(settings.DATA_DIR)).toEqual(['secrets-key']);
    expect(fs.statSync(path.join(settings.DATA_DIR, 'secrets-key')).mode & 0o777).toBe(0o600);
  });

  it('takes the key of SECRETS_KEY_FILE, warns when everybody can read it, and makes none there', async () => {
    const file = path.join(folder, 'mounted-key');
    await expect(started({ SECRETS_KEY_FILE: file })).rejects.toThrow(`SECRETS_KEY_FILE ("${file}") does not exist`);
    for (const wrong of ['', 'short', randomBytes(31).toString('base64'), randomBytes(32).toString('hex')]) {
      fs.writeFileSync(file, wrong);
      await expect(started({ SECRETS_KEY_FILE: file })).rejects.toThrow(
        `"${file}" must hold 32 random bytes in base64`,
      );
    }
    fs.writeFileSync(file, randomBytes(32).toString('base64'));
    fs.chmodSync(file, 0o644);
    warnings.length = 0;
    const box = await started({ SECRETS_KEY_FILE: file });
    expect(box.open(box.seal('secret', 'here'), 'here')).toBe('secret');
    expect(warnings.join()).toContain('chmod 600');
  });
});
