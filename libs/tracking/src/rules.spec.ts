import { checkedBatch } from './metric.js';
import { requestedRunName } from './run.js';
import { checkedInputs } from './run-input.js';
import { randomName } from './run-name.js';
import { checkedTags, dataKey } from './tag.js';

const point = (key: string) => ({
  key,
  value: 1,
  timestamp: 1,
  step: 0,
  modelId: null,
  datasetName: null,
  datasetDigest: null,
});
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

describe('dataKey', () => {
  it.each(['acc', 'val/acc', 'a.b-c_d e:f', 'größe', '日本', '1', '...', 'x'.repeat(250)])('takes %j', (key) => {
    expect(dataKey(key, 'name')).toBe(key);
  });

  it.each([
    '',
    'a//b',
    '/a',
    'a/',
    './a',
    '../a',
    'a/../b',
    '.',
    '..',
    'a\nb',
    'a\0b',
    'a"b',
    'a%b',
    '{}',
    'x'.repeat(251),
  ])('refuses %j', (key) => {
    expect(() => dataKey(key, 'metrics[3].name')).toThrow('metrics[3].name');
  });
});

describe('checkedBatch', () => {
  const metrics = (count: number) => many(count, (i) => point(`m${i}`));
  const params = (count: number) => many(count, (i) => ({ key: `p${i}`, value: 'v' }));
  const tags = params;

  it('takes as much as allowed', () => {
    expect(checkedBatch({ metrics: metrics(1000) }).metrics).toHaveLength(1000);
    expect(checkedBatch({ metrics: metrics(800), params: params(100), tags: tags(100) }).tags).toHaveLength(100);
  });

  it.each([
    [{ metrics: metrics(1001) }, 'at most 1000 metrics. Got 1001 metrics'],
    [{ params: params(101) }, 'at most 100 params'],
    [{ tags: tags(101) }, 'at most 100 tags'],
    [{ metrics: metrics(801), params: params(100), tags: tags(100) }, 'at most 1000 metrics, params, and tags'],
    [{ params: [{ key: 'p', value: 'x'.repeat(6001) }] }, "'params[0].value' exceeds the maximum length of 6000"],
    [{ tags: [{ key: 't', value: 'x'.repeat(8001) }] }, "'tags[0].value' exceeds the maximum length of 8000"],
    [{ params: [...params(1), ...params(1)] }, 'Duplicate parameter keys have been submitted: ["p0"]'],
    [{ metrics: [point('ok'), point('no"')] }, "for parameter 'metrics[1].name'"],
  ])('refuses what breaks a limit (%#)', (batch, message) => {
    expect(() => checkedBatch(batch)).toThrow(message);
  });
});

it('keeps the last of tags with one key', () => {
  const given = [
    { key: 'a', value: '1' },
    { key: 'b', value: '2' },
    { key: 'a', value: '3' },
  ];
  expect(checkedTags(given, 10)).toEqual([
    { key: 'a', value: '3' },
    { key: 'b', value: '2' },
  ]);
});

it('names a run by its argument or its tag, and refuses two names', () => {
  const tag = [{ key: 'mlflow.runName', value: 'x' }];
  expect(requestedRunName('x', tag)).toBe('x');
  expect(requestedRunName('', tag)).toBe('x');
  expect(requestedRunName('y', [])).toBe('y');
  expect(requestedRunName(undefined, [])).toBeUndefined();
  expect(() => requestedRunName('y', tag)).toThrow("run_name='y', mlflow.runName='x'");
});

it('makes names of an adjective, an animal and a number', () => {
  for (const name of many(200, randomName)) expect(name).toMatch(/^[a-z]+-[a-z]+-\d{1,3}$/);
});

it('keeps the first of two inputs of one dataset, and bounds their texts', () => {
  const dataset = { name: 'd', digest: 'x', sourceType: 'local', source: '{}', schema: null, profile: null };
  const first = { dataset, tags: [{ key: 'mlflow.data.context', value: 'training' }] };
  expect(checkedInputs([first, { dataset: { ...dataset, source: '[]' }, tags: [] }])).toEqual([first]);
  expect(() => checkedInputs([{ dataset: { ...dataset, digest: 'x'.repeat(37) }, tags: [] }])).toThrow(
    'datasets[0].dataset.digest',
  );
  expect(() => checkedInputs([{ dataset, tags: [{ key: 'k', value: 'x'.repeat(501) }] }])).toThrow('tags[0].value');
});
