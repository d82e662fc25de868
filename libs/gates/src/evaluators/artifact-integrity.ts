import type { ArtifactFile, ArtifactManifest } from '@app/artifacts';
import { DomainError } from '@app/platform';
import type { GateConfig } from '@app/policy';
import { parse } from 'yaml';
import type { GateInput } from '../gate-input.js';
import type { GateLogger, Judgement } from '../gate-run.js';
import { matchesPath, named } from './file-names.js';

const namesInOutput = 100;
const largestMlmodel = 4 * 2 ** 20;

/** ARTIFACT_INTEGRITY: every byte is still what was registered, MLmodel parses, size and paths are as the policy asks. */
export async function artifactIntegrity(
  config: GateConfig<'ARTIFACT_INTEGRITY'>,
  input: GateInput,
  log: GateLogger,
): Promise<Judgement> {
  const { version } = input;
  const inputs = { artifactDigest: version.artifactDigest };
  await log(`reading ${version.artifactSize ?? 'all'} bytes`);
  const measured = await measure(input);
  if (!measured) {
    return { status: 'FAILED', summary: 'the files of the version are gone', output: { files: 0, bytes: 0 }, inputs };
  }
  await log(`${measured.files.length} files, ${measured.size} bytes, ${measured.digest}`);

  const changed = changedPaths(await input.recordedFiles(), measured.files);
  const problems = [
    ...(measured.digest === version.artifactDigest
      ? []
      : [`the files have changed since they were registered (${named(changed)})`]),
    ...problemsOfPaths(config, measured),
    ...(await problemsOfMlmodel(input)),
  ];
  return {
    status: problems.length === 0 ? 'PASSED' : 'FAILED',
    summary:
      problems.join('; ') ||
      `${measured.files.length} files with ${measured.size} bytes are what was registered, ${measured.digest}`,
    output: {
      digest: measured.digest,
      files: measured.files.length,
      bytes: measured.size,
      changed: changed.slice(0, namesInOutput),
    },
    inputs,
  };
}

async function measure(input: GateInput): Promise<ArtifactManifest | undefined> {
  try {
    return await input.measure();
  } catch (error) {
    if (error instanceof DomainError && error.reason === 'NO_FILES') return undefined;
    throw error;
  }
}

/** Paths that were added, removed or have other bytes. */
function changedPaths(recorded: readonly ArtifactFile[], measured: readonly ArtifactFile[]): string[] {
  const before = new Map(recorded.map(({ path, sha256 }) => [path, sha256]));
  const after = new Map(measured.map(({ path, sha256 }) => [path, sha256]));
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort();
}

function problemsOfPaths(
  { maxBytes, requiredPaths, forbiddenPaths }: GateConfig<'ARTIFACT_INTEGRITY'>,
  { files, size }: ArtifactManifest,
): string[] {
  const missing = requiredPaths.filter((pattern) => !files.some(({ path }) => matchesPath(pattern, path)));
  const forbidden = files
    .map(({ path }) => path)
    .filter((path) => forbiddenPaths.some((pattern) => matchesPath(pattern, path)));
  return [
    ...(maxBytes !== undefined && size > maxBytes ? [`${size} bytes are above the bound of ${maxBytes}`] : []),
    ...(missing.length > 0 ? [`required and missing: ${named(missing)}`] : []),
    ...(forbidden.length > 0 ? [`forbidden and there: ${named(forbidden)}`] : []),
  ];
}

async function problemsOfMlmodel(input: GateInput): Promise<string[]> {
  const text = await input.text('MLmodel', largestMlmodel);
  if (text === undefined) return ['the file MLmodel is missing'];
  try {
    const mlmodel: unknown = parse(text);
    if (typeof mlmodel === 'object' && mlmodel !== null && 'flavors' in mlmodel) return [];
    return ['the file MLmodel has no flavors'];
  } catch {
    return ['the file MLmodel is no valid YAML'];
  }
}
