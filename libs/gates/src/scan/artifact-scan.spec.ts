import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { OpenArtifact } from '@app/artifacts';
import type { GateConfig } from '@app/policy';
import type { ModelVersion } from '@app/registry';
import type { GateInput } from '../gate-input.js';
import { artifactScan } from './artifact-scan.js';
import type { Finding } from './scan-report.js';

const fixtures = path.join(__dirname, '../../../../test/fixtures/models');
const [benign, hostile] = ['benign', 'hostile'].map((name) => fs.readdirSync(path.join(fixtures, name)).sort());
const none: GateConfig<'ARTIFACT_SCAN'> = { allow: [], deny: [], unknownFormats: 'FAIL', maxUnpackedBytes: 2 ** 30 };

const openBytes = (bytes: Buffer): OpenArtifact => ({
  size: bytes.length,
  read: (range) => {
    const part = range ? bytes.subarray(range.start, range.end + 1) : bytes;
    // In pieces, as a file comes, so that nothing may rely on finding all of it at once.
    const pieces = Array.from({ length: Math.ceil(part.length / 1000) }, (_, i) =>
      part.subarray(i * 1000, i * 1000 + 1000),
    );
    return Readable.from(pieces);
  },
  close: async () => undefined,
});

async function scan(
  files: Record<string, Buffer>,
  { config = {}, flavors = null }: { config?: Partial<typeof none>; flavors?: ModelVersion['flavors'] } = {},
) {
  const input = {
    version: { artifactDigest: 'sha256:x', flavors } as ModelVersion,
    recordedFiles: async () => Object.entries(files).map(([path, bytes]) => ({ path, size: bytes.length, sha256: '' })),
    open: async (path: string) => (files[path] ? openBytes(files[path]) : undefined),
    signal: new AbortController().signal,
  } as unknown as GateInput;
  const told: (number | undefined)[] = [];
  const judgement = await artifactScan({ ...none, ...config }, input, async (_text, percent) => {
    told.push(percent);
  });
  const progress = told.filter((percent) => percent !== undefined);
  return { ...judgement, findings: judgement.output.findings as Finding[], progress };
}

const fixture = (name: string): Buffer => fs.readFileSync(path.join(fixtures, name));
const scanFixture = (folder: string, name: string) => scan({ [name]: fixture(`${folder}/${name}`) });
describe('how far it is', () => {
  it('is told at each tenth of the bytes, and ends at all of them', async () => {
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`${n}.txt`, Buffer.from('text')]));
    expect((await scan(files)).progress).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    expect((await scan({ 'empty.txt': Buffer.alloc(0) })).progress).toEqual([]);
  });
});

describe('what people really log', () => {
  it.each(benign as string[])('%s passes', async (name) => {
    const { status, findings } = await scanFixture('benign', name);
    expect(findings).toEqual([]);
    expect(status).toBe('PASSED');
  });
});

/** The first finding of each hostile file: its kind, and what is imported. */
const expected: Record<string, string> = {
  'appended-protocol0.pkl': 'TRAILING_DATA',
  'appended.pkl': 'DANGEROUS_IMPORT posix:system',
  'bomb.pkl.z': 'LIMIT_EXCEEDED',
  'bomb.zip': 'LIMIT_EXCEEDED',
  'broken.zip': 'UNREADABLE',
  'call-of-result.pkl': 'UNRESOLVED',
  'computed-name.pkl': 'UNRESOLVED',
  'deep.pkl': 'LIMIT_EXCEEDED',
  'dotted.pkl': 'UNKNOWN_IMPORT sklearn.base:warnings.sys.modules',
  'escaped-string.pkl': 'DANGEROUS_IMPORT os:system',
  'escaped-unicode.pkl': 'DANGEROUS_IMPORT os:system',
  'eval.pkl': 'DANGEROUS_IMPORT builtins:eval',
  'exec-in-dict.pkl': 'DANGEROUS_IMPORT builtins:exec',
  'ext1.pkl': 'UNRESOLVED',
  'ext2.pkl': 'UNRESOLVED',
  'ext4.pkl': 'UNRESOLVED',
  'getattr-chain.pkl': 'UNKNOWN_IMPORT numpy:ndarray.__class__',
  'getattr-handed-on.pkl': 'UNRESOLVED',
  'gzipped.bin': 'DANGEROUS_IMPORT posix:system',
  'import.pkl': 'DANGEROUS_IMPORT builtins:__import__',
  'inst.pkl': 'DANGEROUS_IMPORT os:system',
  'joblib-objects.joblib': 'DANGEROUS_IMPORT posix:system',
  'joblib-polyglot.joblib': 'DANGEROUS_IMPORT os:system',
  'joblib-protocol0.joblib': 'DANGEROUS_IMPORT posix:system',
  'joblib.joblib': 'DANGEROUS_IMPORT posix:system',
  'matryoshka.zip': 'LIMIT_EXCEEDED',
  'memo-alias.pkl': 'DANGEROUS_IMPORT os:system',
  'memo-overwritten.pkl': 'DANGEROUS_IMPORT os:system',
  'memo-recount.pkl': 'DANGEROUS_IMPORT os:system',
  'memory.pkl.gz': 'LIMIT_EXCEEDED',
  'nested-as-data.pkl': 'DANGEROUS_IMPORT posix:system',
  'nested.pkl': 'DANGEROUS_IMPORT _pickle:loads',
  'nested.zip': 'DANGEROUS_IMPORT posix:system',
  'newobj-ex.pkl': 'DANGEROUS_IMPORT subprocess:Popen',
  'newobj.pkl': 'DANGEROUS_IMPORT subprocess:Popen',
  'obj.pkl': 'DANGEROUS_IMPORT os:system',
  'objects.npy': 'DANGEROUS_IMPORT posix:system',
  'objects.npz': 'DANGEROUS_IMPORT posix:system',
  'patched-import.pkl': 'UNRESOLVED',
  'persistent.pkl': 'UNRESOLVED',
  'popen.pkl': 'DANGEROUS_IMPORT subprocess:Popen',
  'program.bin': 'UNKNOWN_FORMAT',
  'protocol0-as-text.txt': 'DANGEROUS_IMPORT os:system',
  'protocol0.pkl': 'DANGEROUS_IMPORT os:system',
  'python2.pkl': 'DANGEROUS_IMPORT builtins:eval',
  'reexport.pkl': 'UNKNOWN_IMPORT sklearn.linear_model._base:Parallel',
  'safetensors-lies.safetensors': 'MALFORMED',
  'stack-underflow.pkl': 'MALFORMED',
  ...Object.fromEntries([0, 1, 2, 3, 4, 5].map((n) => [`system-protocol${n}.pkl`, 'DANGEROUS_IMPORT posix:system'])),
  'torch-legacy.pt': 'DANGEROUS_IMPORT posix:system',
  'torch.pt': 'DANGEROUS_IMPORT posix:system',
  'trailing.pkl': 'TRAILING_DATA',
  'truncated-model.pkl': 'MALFORMED',
  'truncated.pkl': 'DANGEROUS_IMPORT posix:system',
  'unknown-opcode.pkl': 'MALFORMED',
  'unknown.bin': 'UNKNOWN_FORMAT',
  'zip-named.txt': 'DANGEROUS_IMPORT posix:system',
};

describe('what somebody would want to have loaded', () => {
  it.each(hostile as string[])('%s fails', async (name) => {
    const { status, findings, output } = await scanFixture('hostile', name);
    expect(status).toBe('FAILED');
    expect([findings[0]?.kind, findings[0]?.import].filter(Boolean).join(' ')).toBe(expected[name]);
    expect(JSON.parse(JSON.stringify(output))).toEqual(output);
  });

  it('names file, member, place and import', async () => {
    const { summary, findings } = await scanFixture('hostile', 'nested.zip');
    expect(summary).toBe(
      '1 findings in 1 files, 1 pickles in them: nested.zip!a.zip!deep/model.pkl at 28 imports posix:system, which can run any code',
    );
    expect(findings).toMatchObject([{ path: 'nested.zip!a.zip!deep/model.pkl', offset: 28, import: 'posix:system' }]);
  });

  it('sees an import also when another file hides behind it', async () => {
    const { findings } = await scanFixture('hostile', 'appended-protocol0.pkl');
    expect(findings[1]).toMatchObject({ kind: 'DANGEROUS_IMPORT', import: 'posix:system' });
  });
});

/** An import by GLOBAL, which nothing is done with. */
const importing = (module: string, name: string) => Buffer.from(`\x80\x02c${module}\n${name}\n.`, 'latin1');

describe('the rules of a policy', () => {
  const verdict = async (module: string, name: string, config: Partial<typeof none>) =>
    (await scan({ 'm.pkl': importing(module, name) }, { config })).findings[0]?.kind ?? 'passes';

  it.each<[string, string, Partial<typeof none>, string]>([
    ['ours.models', 'Scorer', {}, 'UNKNOWN_IMPORT'],
    ['ours.models', 'Scorer', { allow: ['ours.models:Scorer'] }, 'passes'],
    ['ours.models', 'Scorer', { allow: ['ours.*:*'] }, 'passes'],
    ['ours.models', 'Scorer', { allow: ['ours.*:*'], deny: ['*:Scorer'] }, 'DANGEROUS_IMPORT'],
    ['other.models', 'Scorer', { allow: ['ours.*:*'] }, 'UNKNOWN_IMPORT'],
    ['os', 'system', { allow: ['o*:*', '*s:*'] }, 'DANGEROUS_IMPORT'],
    ['cloudpickle.cloudpickle', '_make_function', { allow: ['cloudpickle.cloudpickle:_make_function'] }, 'passes'],
    ['ours.models', 'os.system', { allow: ['ours.*:*'] }, 'UNKNOWN_IMPORT'],
    ['numpy', 'ndarray', { deny: ['numpy:ndarray'] }, 'DANGEROUS_IMPORT'],
  ])('%s:%s under %j: %s', async (module, name, config, outcome) => {
    expect(await verdict(module, name, config)).toBe(outcome);
  });

  it('lets files of unknown format pass where they are only to be reported', async () => {
    const unknown = { 'weights.dat': fixture('hostile/unknown.bin') };
    expect(await scan(unknown, { config: { unknownFormats: 'REPORT' } })).toMatchObject({
      status: 'PASSED',
      output: { findingCount: 1, formats: { binary: 1 } },
    });
  });

  it('stops unpacking at the bound', async () => {
    const { findings } = await scan({ 'a.npz': fixture('benign/arrays.npz') }, { config: { maxUnpackedBytes: 1000 } });
    expect(findings[0]).toMatchObject({ kind: 'LIMIT_EXCEEDED', detail: expect.stringContaining('maxUnpackedBytes') });
  });
});

describe('pickles without a header', () => {
  const whole = Buffer.from('}q\x00X\x01\x00\x00\x00aK\x01s.', 'latin1');

  it('are pickles when they are whole', async () => {
    expect(await scan({ 'm.pkl': whole })).toMatchObject({ status: 'PASSED', output: { pickles: 1, findingCount: 0 } });
    expect(await scan({ 'm.dat': whole })).toMatchObject({ status: 'PASSED', output: { pickles: 1, findingCount: 0 } });
  });

  it('do not hide another behind them', async () => {
    const { findings } = await scan({ 'm.pkl': Buffer.concat([whole, Buffer.from("cos\nsystem\n(S'x'\ntR.")]) });
    expect(findings.map(({ kind }) => kind)).toEqual(['TRAILING_DATA', 'DANGEROUS_IMPORT']);
  });
});

describe('text', () => {
  const words = { 'notes.txt': Buffer.from('click\nnumpy\n') };
  const text = { 'model.txt': Buffer.from('cours.models\nScorer\n') };

  it('is no pickle because it begins like one', async () => {
    expect((await scan(words)).findings).toEqual([]);
    expect((await scan(text)).findings).toEqual([]);
  });

  it('is judged like a pickle when the MLmodel file has it loaded', async () => {
    const flavors = { sklearn: { pickled_model: 'model.txt' }, python_function: { env: { conda: 'notes.txt' } } };
    const { findings } = await scan({ ...words, ...text }, { flavors });
    expect(findings).toMatchObject([{ path: 'model.txt', kind: 'UNKNOWN_IMPORT', import: 'ours.models:Scorer' }]);
  });
});

it('says which file is gone, and stops when nobody waits for it', async () => {
  const input = {
    version: { artifactDigest: 'sha256:x', flavors: null },
    recordedFiles: async () => [{ path: 'a.pkl', size: 1, sha256: '' }],
    open: async () => undefined,
  };
  const run = (signal: AbortSignal) =>
    artifactScan(none, { ...input, signal } as unknown as GateInput, async () => undefined);
  expect(await run(new AbortController().signal)).toMatchObject({ status: 'FAILED' });
  await expect(run(AbortSignal.abort(new Error('closed')))).rejects.toThrow('closed');
});
