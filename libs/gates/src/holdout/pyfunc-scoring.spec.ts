import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { OpenArtifact } from '@app/artifacts';
import { loadConfig } from '@app/platform';
import { pino } from 'pino';
import { mayMakeNamespaces } from '../../../../test/support/isolation.js';
import { HoldoutScoring } from './holdout-scoring.js';
import { Isolation } from './isolation.js';
import { ModelFailed, type ScoringJob } from './scoring-job.js';

const fixtures = path.join(__dirname, '../../../../test/fixtures/holdout');
/** The python of an environment with mlflow, pandas, pyarrow and scikit-learn. `.ci/run` makes one. */
const python = process.env.GATE_PYTHON ?? '';
const describeWithPython = python ? describe : describe.skip;
const sha256 = (file: string): string => createHash('sha256').update(fs.readFileSync(file)).digest('hex');
const opened = (file: string): OpenArtifact => ({
  size: fs.statSync(file).size,
  read: () => fs.createReadStream(file),
  close: async () => undefined,
});

/** Models of the real MLflow, in a real environment. */
describeWithPython('pyfunc models', () => {
  let folder: string;
  let log: string[];

  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pyfunc-models-'));
    execFileSync(python, ['-B', path.join(fixtures, 'pyfunc_models.py'), folder], { stdio: 'pipe' });
  }, 300_000);
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  const score = (model: string, config: object = {}, dataset = 'holdout.csv') => {
    log = [];
    const root = path.join(folder, model);
    const entries = fs.readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const files = entries.map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
    const settings = loadConfig({
      DATABASE_URL: 'postgresql://x@y/z',
      DATA_DIR: path.join(folder, 'data'),
      GATE_PYTHON: python,
      GATE_ISOLATION: mayMakeNamespaces ? 'NAMESPACES' : 'LIMITS',
    });
    const job: ScoringJob = {
      config: {
        dataset: `mlflow-artifacts:/7/r/artifacts/${dataset}`,
        datasetDigest: `sha256:${sha256(path.join(fixtures, dataset))}`,
        format: dataset.endsWith('csv') ? 'CSV' : 'PARQUET',
        label: 'label',
        task: 'CLASSIFICATION',
        bounds: [],
        latencyPercentile: 95,
        runtime: 'AUTO',
        maxRows: 60,
        ...config,
      },
      flavors: { python_function: {} },
      signature: null,
      files: files.map((file) => ({ path: file, size: 0, sha256: sha256(path.join(root, file)) })),
      open: async (file) => opened(path.join(root, file)),
      openDataset: async () => opened(path.join(fixtures, dataset)),
      log: async (text) => void log.push(text),
      timeoutSeconds: 300,
      signal: new AbortController().signal,
    };
    const isolation = new Isolation(settings, pino({ level: 'silent' }));
    return new HoldoutScoring(settings, isolation).score(job);
  };

  it('are measured by scikit-learn, on CSV and Parquet alike', async () => {
    const labels = await score('labels');
    expect(labels).toMatchObject({
      runtime: 'PYFUNC',
      rows: 60,
      versions: { mlflow: expect.any(String), 'scikit-learn': expect.any(String), python: expect.any(String) },
    });
    expect(Object.keys(labels.metrics).sort()).toEqual(['accuracy', 'f1', 'precision', 'recall']);
    expect(Object.keys(labels.unavailable).sort()).toEqual(['log_loss', 'roc_auc']);
    expect(labels.milliseconds).toHaveLength(60);
    const probabilities = await score('probabilities', {}, 'holdout.parquet');
    expect(probabilities.metrics).toMatchObject(labels.metrics);
    expect(probabilities.metrics.roc_auc).toBeGreaterThan(0.9);
  }, 300_000);

  it('measure the same as the ONNX model of the same estimator and the same data', async () => {
    fs.mkdirSync(path.join(folder, 'onnx'));
    fs.copyFileSync(path.join(fixtures, 'classifier.onnx'), path.join(folder, 'onnx/model.onnx'));
    const [pyfunc, onnx] = [await score('probabilities'), await score('onnx', { runtime: 'ONNX' })];
    expect(Object.keys(onnx.metrics).sort()).toEqual(Object.keys(pyfunc.metrics).sort());
    for (const [name, value] of Object.entries(pyfunc.metrics)) expect(onnx.metrics[name]).toBeCloseTo(value, 5);
  }, 300_000);

  it('fail when they raise, and reach no judgement when they want more memory than there is', async () => {
    const raising = score('raising');
    await expect(raising).rejects.toBeInstanceOf(ModelFailed);
    await expect(raising).rejects.toThrow('the model raised ValueError: an unknown region');
    await expect(score('greedy')).rejects.toMatchObject({
      kind: 'FAILED_PRECONDITION',
      message: expect.stringContaining('MemoryError'),
    });
  }, 300_000);

  it('find nothing that they should not see', async () => {
    const { metrics } = await score('spying');
    expect(metrics.recall).toBe(0);
    if (mayMakeNamespaces) expect(log).toContain('found []');
    else expect(log.join()).not.toMatch(/found.*(DATABASE_URL|dataset|label)/);
  }, 300_000);

  it('reach no judgement where they cannot be loaded', async () => {
    fs.mkdirSync(path.join(folder, 'broken'), { recursive: true });
    fs.writeFileSync(path.join(folder, 'broken/MLmodel'), 'flavors: { python_function: { loader_module: no.such } }');
    await expect(score('broken')).rejects.toThrow('could not be loaded in the environment of GATE_PYTHON');
  }, 300_000);
});
