import { createHash, randomInt } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { OpenArtifact } from '@app/artifacts';
import { loadConfig } from '@app/platform';
import { pino } from 'pino';
import { mayMakeNamespaces } from '../../../../test/support/isolation.js';
import { eventually } from '../../../../test/support/processes.js';
import { HoldoutScoring } from './holdout-scoring.js';
import { Isolation } from './isolation.js';
import { ModelFailed, type ScoringJob } from './scoring-job.js';

/** Starting processes takes its time on a machine that is busy with other tests. */
jest.setTimeout(180_000);

const fixtures = path.join(__dirname, '../../../../test/fixtures/holdout');
const fixture = (name: string): Buffer => fs.readFileSync(path.join(fixtures, name));
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const opened = (bytes: Buffer): OpenArtifact => ({
  size: bytes.length,
  read: () => Readable.from([bytes]),
  close: async () => undefined,
});

describe('HoldoutScoring', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'holdout-scoring-'));
  afterAll(() => fs.rmSync(folder, { recursive: true }));
  /** By this process: others may be at work beside it. */
  const leftBehind = () =>
    fs.readdirSync(os.tmpdir()).filter((name) => new RegExp(`^imprimatur-scoring-\\d+-${process.pid}-`).test(name));

  const scoring = (settings: Record<string, string> = {}) => {
    const config = loadConfig({ DATABASE_URL: 'postgresql://x@y/z', DATA_DIR: path.join(folder, 'data'), ...settings });
    return new HoldoutScoring(config, new Isolation(config, pino({ level: 'silent' })));
  };
  let log: string[];
  beforeEach(() => {
    log = [];
  });

  const job = (model: Record<string, Buffer>, change: Partial<ScoringJob> = {}, config: object = {}): ScoringJob => {
    const dataset = fixture('holdout.csv');
    return {
      config: {
        dataset: 'mlflow-artifacts:/7/r/artifacts/holdout.csv',
        datasetDigest: `sha256:${sha256(dataset)}`,
        format: 'CSV',
        label: 'label',
        task: 'CLASSIFICATION',
        bounds: [],
        latencyPercentile: 95,
        runtime: 'AUTO',
        maxRows: 60,
        ...config,
      },
      flavors: { onnx: { data: 'model.onnx' }, python_function: {} },
      signature: null,
      files: Object.entries(model).map(([name, bytes]) => ({ path: name, size: bytes.length, sha256: sha256(bytes) })),
      open: async (name) => {
        const bytes = model[name];
        return bytes && opened(bytes);
      },
      openDataset: async () => opened(dataset),
      log: async (text) => void log.push(text),
      timeoutSeconds: 120,
      signal: new AbortController().signal,
      ...change,
    };
  };
  const onnx = (name: string, config: object = {}, change: Partial<ScoringJob> = {}) =>
    scoring().score(job({ 'model.onnx': fixture(name) }, change, config));

  describe('of ONNX models', () => {
    it('measures a classifier on CSV and on Parquet alike', async () => {
      const fromCsv = await onnx('classifier.onnx');
      expect(fromCsv).toMatchObject({
        runtime: 'ONNX',
        rows: 60,
        unavailable: {},
        isolation: mayMakeNamespaces ? 'NAMESPACES' : expect.any(String),
        versions: { node: process.versions.node, 'onnxruntime-web': expect.any(String) },
      });
      expect(fromCsv.metrics.accuracy).toBeGreaterThan(0.8);
      expect(fromCsv.metrics.roc_auc).toBeGreaterThan(0.9);
      expect(fromCsv.milliseconds).toHaveLength(60);
      expect(fromCsv.rowsPerSecond).toBeGreaterThan(0);

      const parquet = fixture('holdout.parquet');
      const config = { format: 'PARQUET', datasetDigest: `sha256:${sha256(parquet)}` };
      const fromParquet = await onnx('classifier.onnx', config, { openDataset: async () => opened(parquet) });
      expect(fromParquet.metrics).toEqual(fromCsv.metrics);
    });

    it('measures a regressor, and gives it its columns in the order of the signature', async () => {
      const { metrics } = await onnx('regressor.onnx', { task: 'REGRESSION' });
      expect(metrics).toMatchObject({ rmse: expect.any(Number), mae: expect.any(Number) });
      expect(metrics.r2).toBeGreaterThan(0.3);
      const field = (name: string) => ({ name, type: 'double' });
      const inputs = ['risk', 'amount', 'age'].map(field);
      const signature = { inputs, outputs: null, params: null } as ScoringJob['signature'];
      const turned = await onnx('regressor.onnx', { task: 'REGRESSION' }, { signature });
      expect(turned.metrics.r2).toBeLessThan(metrics.r2 as number);
      const asked = { task: 'REGRESSION', features: ['age', 'amount', 'risk'] };
      expect((await onnx('regressor.onnx', asked, { signature })).metrics).toEqual(metrics);
    });

    it.each([
      [
        'another dataset',
        { datasetDigest: `sha256:${'0'.repeat(64)}` },
        {},
        /^the dataset .*holdout.csv has the digest sha256:/,
      ],
      ['no dataset', {}, { openDataset: async () => undefined }, /^there is no dataset at mlflow-artifacts:/],
      ['more rows than may be', { maxRows: 59 }, {}, /more than 59 rows/],
      ['a label that is no column', { label: 'truth' }, {}, /no column truth; there are age, amount, risk, label/],
      ['too few features', { features: ['age'] }, {}, /takes 3 features, and is to be given 1: age/],
      ['another format', { format: 'PARQUET' }, {}, /cannot be read as PARQUET/],
      [
        'a version with other bytes',
        {},
        { open: async () => opened(Buffer.from('other')) },
        /^the file model.onnx of the version has/,
      ],
      ['no flavor that is known', {}, { flavors: { keras: {} } }, /neither the flavor onnx nor python_function/],
    ])('reach no judgement with %s', async (_, config, change, message) => {
      await expect(onnx('classifier.onnx', config, change)).rejects.toMatchObject({
        kind: 'FAILED_PRECONDITION',
        message: expect.stringMatching(message),
      });
      expect(leftBehind()).toEqual([]);
    });

    it('reach no judgement where the file is no ONNX model, or wants more memory than there is', async () => {
      await expect(onnx('metrics.json')).rejects.toThrow('ONNX Runtime cannot load the model');
      await expect(onnx('vast.onnx', { task: 'REGRESSION' })).rejects.toMatchObject({ kind: 'FAILED_PRECONDITION' });
    });

    it('end with the request, in the middle of a loop', async () => {
      const stop = new AbortController();
      const running = onnx('endless.onnx', { task: 'REGRESSION' }, { signal: stop.signal });
      await eventually(async () => log.some((line) => line.startsWith('score the model')));
      stop.abort(new Error('the time is over'));
      await expect(running).rejects.toThrow('the time is over');
      expect(leftBehind()).toEqual([]);
    });
  });

  describe('of other models', () => {
    const pickle = { MLmodel: Buffer.from('flavors: {}'), 'code/model.pkl': Buffer.from('bytes') };
    const flavors = { python_function: {} };
    let made = 0;

    /** A Python that is none: what a model can do to its process, a script can do. The first step answers as ours does. */
    const python = (hostile: string) => {
      const file = path.join(folder, 'bin', `python-${++made}`);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      const labels = JSON.stringify({ status: 'DONE', labels: ['0', '1'] });
      const metrics = JSON.stringify({ status: 'DONE', metrics: { accuracy: 1 }, unavailable: {}, versions: {} });
      const steps = `case "$5" in split) echo '${labels}' >&3 ;; measure) echo '${metrics}' >&3 ;; *) ${hostile} ;; esac`;
      fs.writeFileSync(file, `#!/bin/sh\n${steps}\n`, { mode: 0o755 });
      return { GATE_PYTHON: file, GATE_ISOLATION: 'LIMITS' };
    };
    const score = (settings: Record<string, string>, change: Partial<ScoringJob> = {}) =>
      scoring(settings).score(job(pickle, { flavors, ...change }));
    const answer = (answers: unknown[], more = {}) =>
      `echo '${JSON.stringify({ status: 'DONE', answers, milliseconds: [1], seconds: 1, versions: {}, ...more })}' >&3`;

    it('never has the dataset, and its answers are measured by another process', async () => {
      const seen = 'find . -type f >&2; cat job.json >&2';
      const result = await score(python(`${seen}; ${answer([0, 1])}`));
      expect(result).toMatchObject({ runtime: 'PYFUNC', rows: 2, metrics: { accuracy: 1 }, rowsPerSecond: 2 });
      expect(log.filter((line) => line.startsWith('./')).sort()).toEqual([
        './job.json',
        './model/MLmodel',
        './model/code/model.pkl',
      ]);
    });

    it.each([
      ['is said to have raised', `echo '{"status":"RAISED","message":"the model raised E"}' >&3`, 'the model raised E'],
      ['answers for too few rows', answer([0]), 'the model answered with 1 values for 2 rows'],
    ])('has failed when it %s', async (_, script, message) => {
      const failed = score(python(script));
      await expect(failed).rejects.toThrow(message);
      await expect(failed).rejects.toBeInstanceOf(ModelFailed);
    });

    it.each([
      ['says nothing', 'exit 0', /ended with exit code 0 without an answer/],
      ['ends as one that was killed', 'exit 137', /exit code 137 without an answer .*GATE_MEMORY_BYTES is/],
      ['says something else', 'echo "{" >&3', /gave an answer that is none/],
      ['says what nobody asked', answer([0, 1], { passed: true }), /gave an answer that is none/],
      ['nests its answers', answer([0, [[1]]]), /gave an answer that is none/],
      [
        'names a version that is none',
        answer([0, 1], { versions: { mlflow: '3\u0000' } }),
        /gave an answer that is none/,
      ],
      ['measures less than no time', answer([0, 1], { milliseconds: [-1] }), /gave an answer that is none/],
      ['prints without end', 'yes', /it said more than is taken of it/],
    ])('reaches no judgement when it %s', async (_, script, message) => {
      await expect(score(python(script))).rejects.toMatchObject({
        kind: 'FAILED_PRECONDITION',
        message: expect.stringMatching(message),
      });
      expect(leftBehind()).toEqual([]);
    });

    it('says what to configure where there is no Python, or none that can be held', async () => {
      await expect(score({})).rejects.toThrow('set GATE_PYTHON to the python of an environment with mlflow');
      await expect(score({ GATE_PYTHON: '/nowhere/python', GATE_ISOLATION: 'LIMITS' })).rejects.toThrow(
        /without an answer/,
      );
    });
  });

  it('removes what killed workers have left, and nothing that is still in use', async () => {
    const made = (endsAt: number) => fs.mkdtempSync(path.join(os.tmpdir(), `imprimatur-scoring-${endsAt}-`));
    const [old, used] = [made(Date.now() - 3_600_000), made(Date.now() + 3_600_000 + randomInt(1000))];
    await onnx('classifier.onnx');
    expect([fs.existsSync(old), fs.existsSync(used)]).toEqual([false, true]);
    fs.rmSync(used, { recursive: true });
  });
});
