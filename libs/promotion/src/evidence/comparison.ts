import type { ArtifactFile } from '@app/artifacts';
import type { EffectiveGate, MetricDirection } from '@app/policy';
import { requirementName, type Signature, type SignatureChange, signatureDifference } from '@app/registry';
import type { Metric, Param, RunLineage } from '@app/tracking';

/** What is known of one of the two versions. */
export interface ComparedContent {
  modelFullName: string;
  number: number;
  artifactDigest: string | null;
  artifactSize: number | null;
  runId: string | null;
  metrics: readonly Metric[];
  params: readonly Param[];
  signature: Signature | null;
  requirements: readonly string[] | null;
  files: readonly ArtifactFile[];
  lineage: RunLineage | undefined;
}

export const deltaVerdicts = ['IMPROVED', 'REGRESSED', 'UNCHANGED', 'CHANGED', 'MISSING'] as const;
/** CHANGED: no gate says whether higher or lower is better. MISSING: one of the two has no value. */
export type DeltaVerdict = (typeof deltaVerdicts)[number];

/** A number as JSON can say it: NaN and the infinities are texts. */
type JsonNumber = number | string;

export interface MetricDelta {
  name: string;
  base: JsonNumber | null;
  head: JsonNumber | null;
  /** head - base; null where one is missing, or no number comes of it. */
  delta: number | null;
  /** The same as a part of the base's absolute value. */
  relative: number | null;
  /** null when no gate says so. */
  direction: MetricDirection | null;
  verdict: DeltaVerdict;
  /** Measured on one dataset, by name and digest; null where one is missing, or neither names a dataset. */
  sameDataset: boolean | null;
}

/** Of a param, or of a package that the model needs; null where one of the two has none. */
export interface TextDelta {
  name: string;
  base: string | null;
  head: string | null;
}

export interface FileDelta {
  path: string;
  /** Bytes; null where one of the two has no such file. */
  base: number | null;
  head: number | null;
}

type ComparedVersion = Pick<
  ComparedContent,
  'modelFullName' | 'number' | 'artifactDigest' | 'artifactSize' | 'runId'
> & { files: number; sourceCommit: string | null; datasets: { name: string; digest: string }[] };

/** Two versions held against each other: `base` is the incumbent, `head` the candidate. JSON values only. */
export interface Comparison {
  base: ComparedVersion;
  head: ComparedVersion;
  /** All metrics of both. */
  metrics: MetricDelta[];
  signature: { compatible: boolean; changes: SignatureChange[] };
  /** Of these only what differs. */
  params: TextDelta[];
  requirements: TextDelta[];
  files: FileDelta[];
  sameDatasets: boolean;
  sameCommit: boolean;
  /** How many entries of each list were left out, because it is longer than people or evidence can bear. */
  omitted: Record<'metrics' | 'changes' | 'params' | 'requirements' | 'files', number>;
}

const mostEntries = 500;
const longestText = 500;

/** Which direction of a metric is better, as far as the gates say so; where two contradict each other nobody does. */
export function directionsOf(gates: readonly Pick<EffectiveGate, 'type' | 'config'>[]): Map<string, MetricDirection> {
  const said = gates.flatMap((gate) => {
    const { type, config } = gate as EffectiveGate;
    if (type === 'METRIC_REGRESSION') return [[config.metric, config.direction] as const];
    if (type !== 'METRIC_THRESHOLD' || (config.min === undefined) === (config.max === undefined)) return [];
    return [[config.metric, config.max === undefined ? 'HIGHER_IS_BETTER' : 'LOWER_IS_BETTER'] as const];
  });
  return new Map(
    said.filter(([metric, direction]) => said.every(([other, its]) => other !== metric || its === direction)),
  );
}

/** Compares two versions. The same content gives the same value, whatever the order that it comes in. */
export function compareVersions(
  base: ComparedContent,
  head: ComparedContent,
  directions: ReadonlyMap<string, MetricDirection> = new Map(),
): Comparison {
  const changes = signatureDifference(base.signature, head.signature);
  const lists = {
    metrics: metricDeltas(base.metrics, head.metrics, directions),
    changes,
    params: textDeltas(byKey(base.params), byKey(head.params)),
    requirements: textDeltas(byPackage(base.requirements), byPackage(head.requirements)),
    files: fileDeltas(base.files, head.files),
  };
  const [baseSide, headSide] = [comparedVersion(base), comparedVersion(head)];
  const { changes: shownChanges, ...shown } = mapLists(lists, (list) => list.slice(0, mostEntries)) as typeof lists;
  return {
    base: baseSide,
    head: headSide,
    ...shown,
    signature: { compatible: !changes.some(({ breaking }) => breaking), changes: shownChanges },
    sameDatasets: JSON.stringify(baseSide.datasets) === JSON.stringify(headSide.datasets),
    sameCommit: baseSide.sourceCommit !== null && baseSide.sourceCommit === headSide.sourceCommit,
    omitted: mapLists(lists, (list) => Math.max(0, list.length - mostEntries)),
  };
}

const mapLists = <Name extends string, Outcome>(
  lists: Record<Name, readonly unknown[]>,
  of: (list: readonly unknown[]) => Outcome,
) =>
  Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, of(list as unknown[])])) as Record<
    Name,
    Outcome
  >;

/** In the order of code units, which is everybody's: a locale would give another digest elsewhere. */
const inOrder = (names: Iterable<string>): string[] => [...new Set(names)].sort();

function comparedVersion(content: ComparedContent): ComparedVersion {
  const { modelFullName, number, artifactDigest, artifactSize, runId, files, lineage } = content;
  const datasets = (lineage?.datasets ?? []).map(({ name, digest }) => ({ name, digest })).slice(0, mostEntries);
  const sourceCommit = lineage?.sourceCommit ?? null;
  return { modelFullName, number, artifactDigest, artifactSize, runId, files: files.length, sourceCommit, datasets };
}

function metricDeltas(
  base: readonly Metric[],
  head: readonly Metric[],
  directions: ReadonlyMap<string, MetricDirection>,
): MetricDelta[] {
  const [before, after] = [base, head].map((metrics) => new Map(metrics.map((metric) => [metric.key, metric])));
  return inOrder([...base, ...head].map(({ key }) => key)).map((name) =>
    metricDelta(name, before?.get(name), after?.get(name), directions.get(name) ?? null),
  );
}

function metricDelta(
  name: string,
  base: Metric | undefined,
  head: Metric | undefined,
  direction: MetricDirection | null,
): MetricDelta {
  const difference = base && head ? head.value - base.value : Number.NaN;
  const part = difference / Math.abs(base?.value ?? 0);
  const named = base && head && (base.datasetName !== null || head.datasetName !== null);
  return {
    name,
    base: jsonNumber(base?.value),
    head: jsonNumber(head?.value),
    delta: Number.isFinite(difference) ? difference : null,
    relative: Number.isFinite(part) ? part : null,
    direction,
    verdict: base && head ? deltaVerdict(base.value, head.value, direction) : 'MISSING',
    sameDataset: named ? base.datasetName === head.datasetName && base.datasetDigest === head.datasetDigest : null,
  };
}

/** NaN is worse than any number. */
function deltaVerdict(base: number, head: number, direction: MetricDirection | null): DeltaVerdict {
  if (Object.is(base, head) || base === head) return 'UNCHANGED';
  if (direction === null) return 'CHANGED';
  const isBetter = Number.isNaN(base) || (direction === 'HIGHER_IS_BETTER' ? head > base : head < base);
  return isBetter ? 'IMPROVED' : 'REGRESSED';
}

function jsonNumber(value: number | undefined): JsonNumber | null {
  if (value === undefined) return null;
  return Number.isFinite(value) ? value : String(value);
}

const byKey = (params: readonly Param[]): Map<string, string> => new Map(params.map(({ key, value }) => [key, value]));

/** One package may stand in several lines, for several systems. */
function byPackage(lines: readonly string[] | null): Map<string, string> {
  const packages = new Map<string, string>();
  for (const line of [...(lines ?? [])].sort()) {
    const name = requirementName(line);
    const known = packages.get(name);
    packages.set(name, known === undefined ? line : `${known}\n${line}`);
  }
  return packages;
}

const textDeltas = (base: ReadonlyMap<string, string>, head: ReadonlyMap<string, string>): TextDelta[] =>
  inOrder([...base.keys(), ...head.keys()])
    .filter((name) => base.get(name) !== head.get(name))
    .map((name) => ({ name, base: shortened(base.get(name)), head: shortened(head.get(name)) }));

const shortened = (text: string | undefined): string | null => {
  if (text === undefined) return null;
  // By characters: half of a surrogate pair is no JSON that everybody reads alike.
  return text.length <= longestText ? text : `${[...text].slice(0, longestText).join('')}…`;
};

function fileDeltas(base: readonly ArtifactFile[], head: readonly ArtifactFile[]): FileDelta[] {
  const [before, after] = [base, head].map((files) => new Map(files.map((file) => [file.path, file])));
  return inOrder([...base, ...head].map(({ path }) => path))
    .filter((path) => before?.get(path)?.sha256 !== after?.get(path)?.sha256)
    .map((path) => ({ path, base: before?.get(path)?.size ?? null, head: after?.get(path)?.size ?? null }));
}
