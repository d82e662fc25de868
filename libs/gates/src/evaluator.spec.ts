import { FailedPrecondition } from '@app/platform';
import type { Metric } from '@app/tracking';
import {
  artifactFile as file,
  incumbent,
  gateInput as input,
  artifactManifest as manifest,
} from '../../../test/support/gate-input.js';
import { evaluate } from './evaluator.js';
import type { GateInput } from './gate-input.js';

const metric = (value: number, datasetName: string | null = null): Partial<GateInput> => ({
  latestMetrics: async () => [
    {
      key: 'auc',
      value,
      step: 3,
      timestamp: 1,
      modelId: null,
      datasetName,
      datasetDigest: datasetName && 'd1',
    } as Metric,
  ],
});

const judge = (type: Parameters<typeof evaluate>[0]['type'], config: unknown, given: GateInput) =>
  evaluate({ type, config }, given, async () => undefined);

describe('METRIC_THRESHOLD', () => {
  const bounds = { metric: 'auc', min: 0.9, max: 1 };

  it.each([
    [0.9, 'PASSED', 'auc is 0.9, within the bound: from 0.9 to 1'],
    [1, 'PASSED', 'auc is 1, within the bound: from 0.9 to 1'],
    [0.89, 'FAILED', 'auc is 0.89, below the bound: from 0.9 to 1'],
    [1.01, 'FAILED', 'auc is 1.01, above the bound: from 0.9 to 1'],
    [Number.NaN, 'FAILED', 'auc is NaN, not within the bound: from 0.9 to 1'],
    [Number.POSITIVE_INFINITY, 'FAILED', 'auc is Infinity, above the bound: from 0.9 to 1'],
  ])('judges %d as %s', async (value, status, summary) => {
    const judgement = await judge('METRIC_THRESHOLD', bounds, input(metric(value)));
    expect(judgement).toMatchObject({ status, summary });
    expect(JSON.parse(JSON.stringify(judgement.output))).toEqual(judgement.output);
  });

  it('names the one bound that there is', async () => {
    const judged = await judge('METRIC_THRESHOLD', { metric: 'auc', max: 0.5 }, input(metric(0.7)));
    expect(judged.summary).toBe('auc is 0.7, above the bound: at most 0.5');
  });

  it('reaches no judgement without a run, without the metric, or on another dataset', async () => {
    const onHoldout = { ...bounds, dataset: 'holdout' };
    expect(await judge('METRIC_THRESHOLD', bounds, input({ runId: null }))).toMatchObject({
      status: 'ERRORED',
      summary: 'auc cannot be judged: the version has no run',
    });
    expect(await judge('METRIC_THRESHOLD', bounds, input({ runId: null, namedRunId: 'r9' }))).toMatchObject({
      status: 'ERRORED',
      summary: expect.stringContaining('the version has no run here: run r9 is only named'),
    });
    expect(await judge('METRIC_THRESHOLD', bounds, input())).toMatchObject({
      status: 'ERRORED',
      summary: 'auc cannot be judged: run r1 has no such metric',
    });
    expect(await judge('METRIC_THRESHOLD', onHoldout, input(metric(0.95)))).toMatchObject({
      status: 'ERRORED',
      summary: 'auc cannot be judged: it was measured on no named dataset, the policy asks for "holdout"',
    });
    expect(await judge('METRIC_THRESHOLD', onHoldout, input(metric(0.95, 'train')))).toMatchObject({
      status: 'ERRORED',
    });
    expect(await judge('METRIC_THRESHOLD', onHoldout, input(metric(0.95, 'holdout')))).toMatchObject({
      status: 'PASSED',
      inputs: { runId: 'r1', datasetName: 'holdout', datasetDigest: 'd1' },
    });
  });
});

describe('SIGNATURE', () => {
  const presence = { requiredParts: [], compatibleWithIncumbent: false };
  it.each([
    ['none', undefined],
    ['one without content', { inputs: null, outputs: null, params: null }],
  ])('fails %s', async (_what, signature) => {
    expect(await judge('SIGNATURE', presence, input({ signature: async () => signature }))).toMatchObject({
      status: 'FAILED',
    });
  });

  it('passes one, and names its parts', async () => {
    expect(await judge('SIGNATURE', presence, input())).toMatchObject({
      status: 'PASSED',
      summary: 'a signature is present: inputs, outputs',
    });
  });

  it('fails one without the parts that the policy asks for', async () => {
    expect(await judge('SIGNATURE', { ...presence, requiredParts: ['params'] }, input())).toMatchObject({
      status: 'FAILED',
      summary: expect.stringContaining('a signature without params'),
    });
  });

  const compatible = { requiredParts: [], compatibleWithIncumbent: true };
  const inputs = (...names: string[]) => ({
    signature: async () => ({ inputs: names.map((name) => ({ name, type: 'double' })), outputs: null, params: null }),
  });

  it('passes where nobody holds the target, and where the incumbent has no signature', async () => {
    expect(await judge('SIGNATURE', compatible, input())).toMatchObject({ status: 'PASSED' });
    expect(
      await judge('SIGNATURE', compatible, input({ incumbent: incumbent({ signature: async () => undefined }) })),
    ).toMatchObject({
      status: 'PASSED',
      summary: 'a signature is present: inputs, outputs; the incumbent has none to be held against',
    });
  });

  it('fails one that breaks the callers of the incumbent, and names what does', async () => {
    const given = input({ ...inputs('amount', 'city'), incumbent: incumbent(inputs('amount', 'age')) });
    expect(await judge('SIGNATURE', compatible, given)).toMatchObject({
      status: 'FAILED',
      summary:
        'who calls the incumbent cannot call the version: inputs.age was removed, inputs.city was added, and is required',
      output: { breaking: 2 },
      inputs: { incumbent: 1 },
    });
    expect(await judge('SIGNATURE', presence, given)).toMatchObject({ status: 'PASSED' });
  });
});

describe('ARTIFACT_INTEGRITY', () => {
  const anything = { requiredPaths: [], forbiddenPaths: [] };
  const judgeFiles = (config: object, given: GateInput) =>
    judge('ARTIFACT_INTEGRITY', { ...anything, ...config }, given);

  it('passes what is as it was registered', async () => {
    const config = { maxBytes: 30, requiredPaths: ['model.*', 'code'], forbiddenPaths: ['secrets', 'model'] };
    expect(await judgeFiles(config, input())).toMatchObject({
      status: 'PASSED',
      summary: '3 files with 30 bytes are what was registered, sha256:good',
      output: { digest: 'sha256:good', files: 3, bytes: 30, changed: [] },
    });
  });

  it('names what was changed, added and removed', async () => {
    const now = [file('MLmodel'), file('model.pkl', 'other'), file('new.txt')];
    expect(await judgeFiles({}, input({ measure: async () => manifest(now, 'sha256:bad') }))).toMatchObject({
      status: 'FAILED',
      summary: 'the files have changed since they were registered (code/train.py, model.pkl, new.txt)',
      output: { changed: ['code/train.py', 'model.pkl', 'new.txt'] },
    });
  });

  it.each([
    [{ maxBytes: 29 }, '30 bytes are above the bound of 29'],
    [{ requiredPaths: ['model.pkl', 'README.md'] }, 'required and missing: README.md'],
    [{ forbiddenPaths: ['code'] }, 'forbidden and there: code/train.py'],
    [{ forbiddenPaths: ['**/*.py'] }, 'forbidden and there: code/train.py'],
    [{ requiredPaths: ['**/*.onnx'] }, 'required and missing: **/*.onnx'],
  ])('holds files against %j', async (config, summary) => {
    expect(await judgeFiles(config, input())).toMatchObject({ status: 'FAILED', summary });
  });

  it.each([
    ['missing', undefined, 'the file MLmodel is missing'],
    ['no YAML', 'a: [', 'the file MLmodel is no valid YAML'],
    ['without flavors', 'run_id: 1', 'the file MLmodel has no flavors'],
  ])('fails a version whose MLmodel is %s', async (_what, text, summary) => {
    expect(await judgeFiles({}, input({ text: async () => text }))).toMatchObject({ status: 'FAILED', summary });
  });

  it('fails a version whose files are gone, and throws when they cannot be read', async () => {
    const gone = async () => {
      throw new FailedPrecondition('NO_FILES', 'empty');
    };
    expect(await judgeFiles({}, input({ measure: gone }))).toMatchObject({ status: 'FAILED' });
    const broken = async () => {
      throw new Error('EIO');
    };
    await expect(judgeFiles({}, input({ measure: broken }))).rejects.toThrow('EIO');
  });
});
