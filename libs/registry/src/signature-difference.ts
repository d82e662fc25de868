import { canonicalJson } from '@app/platform';
import type { Signature, SignatureField } from './mlmodel.js';

export const signatureChangeKinds = [
  'ADDED',
  'REMOVED',
  'TYPE_CHANGED',
  'REQUIREDNESS_CHANGED',
  'SHAPE_CHANGED',
  'DEFAULT_CHANGED',
] as const;
export type SignatureChangeKind = (typeof signatureChangeKinds)[number];

/** One difference between two signatures. */
export interface SignatureChange {
  /** `inputs.address.zip`; `[]` is the element of an array, `{}` the value of a map. */
  path: string;
  kind: SignatureChangeKind;
  before: string | null;
  after: string | null;
  /** Who calls the one with success, or reads its answers, may not be able to do so with the other. */
  breaking: boolean;
}

const partNames = ['inputs', 'outputs', 'params'] as const;
type Part = (typeof partNames)[number];
type Report = (path: string, change: Omit<SignatureChange, 'path'>) => void;
type DataType = Record<string, unknown>;
type Pair = { old: DataType; now: DataType };

/** Deeper types are compared as a whole: nothing that people write is nested so far. */
const deepest = 50;

/**
 * What has changed from one signature to another, for whoever calls the model: an added optional input is compatible, a
 * removed or retyped column is breaking (domain.md, section 6). A part that the first signature says nothing of was
 * never promised, and breaks nothing.
 */
export function signatureDifference(before: Signature | null, after: Signature | null): SignatureChange[] {
  const changes: SignatureChange[] = [];
  for (const part of partNames) {
    const [old, now] = [before?.[part] ?? null, after?.[part] ?? null];
    const report: Report = (path, change) => changes.push({ path, ...change });
    if (old === null && now !== null) {
      report(part, { kind: 'ADDED', before: null, after: `${now.length} fields`, breaking: false });
    } else if (old !== null && now === null) {
      report(part, { kind: 'REMOVED', before: `${old.length} fields`, after: null, breaking: true });
    } else if (old !== null && now !== null) {
      compareFields(part, part, { old: keyed(old), now: keyed(now) }, report);
    }
  }
  return changes;
}

/** Fields by name; those without one, as tensors and outputs may be, by their place. */
const keyed = (fields: readonly SignatureField[]): Map<string, DataType> =>
  new Map(fields.map((field, index) => [field.name ?? String(index), field]));

/** Compares named members: columns, params, the properties of an object. */
function compareFields(
  part: Part,
  path: string,
  { old, now }: { old: Map<string, DataType>; now: Map<string, DataType> },
  report: Report,
  depth = 0,
): void {
  for (const [name, field] of old) {
    const other = now.get(name);
    const at = `${path}.${name}`;
    if (!other) report(at, { kind: 'REMOVED', before: typeName(field), after: null, breaking: true });
    else compareField(part, at, { old: field, now: other }, report, depth);
  }
  for (const [name, field] of now) {
    if (old.has(name)) continue;
    // A param has a default; a new member of an answer is one that nobody reads yet.
    const breaking = part === 'inputs' && isRequired(field);
    report(`${path}.${name}`, { kind: 'ADDED', before: null, after: typeName(field), breaking });
  }
}

function compareField(part: Part, path: string, { old, now }: Pair, report: Report, depth: number): void {
  compareType(part, path, { old, now }, report, depth);
  if (part === 'params') {
    const [before, after] = [valueName(old.default), valueName(now.default)];
    if (before !== after) report(path, { kind: 'DEFAULT_CHANGED', before, after, breaking: false });
    return;
  }
  if (isRequired(old) === isRequired(now)) return;
  const word = (field: DataType) => (isRequired(field) ? 'required' : 'optional');
  // To ask for more breaks callers, to promise less breaks readers.
  const breaking = part === 'inputs' ? isRequired(now) : !isRequired(now);
  report(path, { kind: 'REQUIREDNESS_CHANGED', before: word(old), after: word(now), breaking });
}

function compareType(part: Part, path: string, { old, now }: Pair, report: Report, depth: number): void {
  const [before, after] = [baseType(old), baseType(now)];
  const nests = (field: DataType) => ['items', 'values', 'properties'].map((member) => isObject(field[member])).join();
  if (before !== after || nests(old) !== nests(now) || depth > deepest) {
    if (before !== after || spelled(old) !== spelled(now)) {
      report(path, { kind: 'TYPE_CHANGED', before: typeName(old), after: typeName(now), breaking: true });
    }
    return;
  }
  const nested = (field: DataType, name: string) => (isObject(field[name]) ? (field[name] as DataType) : undefined);
  for (const [member, suffix] of [
    ['items', '[]'],
    ['values', '{}'],
  ] as const) {
    const [one, other] = [nested(old, member), nested(now, member)];
    if (one && other) compareType(part, path + suffix, { old: one, now: other }, report, depth + 1);
  }
  const [properties, others] = [nested(old, 'properties'), nested(now, 'properties')];
  if (properties && others) {
    compareFields(part, path, { old: members(properties), now: members(others) }, report, depth + 1);
  }
  compareShape(part, path, { old, now }, report);
}

/** Of a tensor, or of a param that is a list. -1 stands for any length. */
function compareShape(part: Part, path: string, { old, now }: Pair, report: Report): void {
  const [before, after] = [shapeOf(old), shapeOf(now)];
  if (valueName(before) === valueName(after)) return;
  const [narrow, wide] = part === 'outputs' ? [after, before] : [before, after];
  const fits =
    part !== 'params' &&
    Array.isArray(narrow) &&
    Array.isArray(wide) &&
    narrow.length === wide.length &&
    wide.every((length, index) => length === -1 || length === narrow[index]);
  report(path, { kind: 'SHAPE_CHANGED', before: valueName(before), after: valueName(after), breaking: !fits });
}

const isObject = (value: unknown): value is DataType => typeof value === 'object' && value !== null;
const members = (properties: DataType) =>
  new Map(Object.entries(properties).map(([name, type]) => [name, isObject(type) ? type : { type }]));
const tensorOf = (field: DataType): DataType | undefined =>
  isObject(field['tensor-spec']) ? field['tensor-spec'] : undefined;
const shapeOf = (field: DataType): unknown => tensorOf(field)?.shape ?? field.shape ?? null;
const isRequired = ({ required, optional }: DataType): boolean => required !== false && optional !== true;

/** The type without what is nested in it. */
function baseType(field: DataType): string {
  const tensor = tensorOf(field);
  return tensor ? `tensor(${tensor.dtype})` : String(field.type ?? field.dtype);
}

/** The type as people read it: `array(long)`, `tensor(float32)`, `object`. */
function typeName(field: DataType): string {
  const inner = field.items ?? field.values;
  return isObject(inner) ? `${baseType(field)}(${baseType(inner)})` : baseType(field);
}

const spelled = ({ name: _, required: __, default: ___, ...type }: DataType): string => canonicalJson(type);
const valueName = (value: unknown): string | null =>
  value === undefined || value === null ? null : canonicalJson(value).slice(0, 200);
