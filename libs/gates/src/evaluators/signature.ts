import type { GateConfig } from '@app/policy';
import { type Signature, type SignatureChange, signatureDifference } from '@app/registry';
import type { GateInput } from '../gate-input.js';
import type { Judgement } from '../gate-run.js';
import { named } from './file-names.js';

const changesInOutput = 100;

/** SIGNATURE: the version was logged with a signature, and who calls the incumbent can call the version. */
export async function signature(
  { requiredParts, compatibleWithIncumbent }: GateConfig<'SIGNATURE'>,
  input: GateInput,
): Promise<Judgement> {
  const own = await input.signature();
  const parts = Object.entries(own ?? {}).flatMap(([name, part]) =>
    part === null || part === undefined ? [] : [name],
  );
  const names = parts.sort();
  const inputs = { artifactDigest: input.version.artifactDigest };
  const missing = requiredParts.filter((part) => !names.includes(part));
  if (!own || names.length === 0 || missing.length > 0) {
    const what = names.length === 0 ? 'no signature' : `a signature without ${missing.join(', ')}`;
    return {
      status: 'FAILED',
      summary: `the version has ${what}: log the model with one, for example with mlflow.models.infer_signature`,
      output: { parts: names },
      inputs,
    };
  }
  const present = `a signature is present: ${names.join(', ')}`;
  const incumbent = compatibleWithIncumbent ? await input.incumbent() : undefined;
  if (!incumbent) return { status: 'PASSED', summary: present, output: { parts: names }, inputs };
  const held = { ...inputs, incumbent: incumbent.version.number, incumbentDigest: incumbent.version.artifactDigest };
  return compared(present, names, { own, incumbents: await incumbent.signature() }, held);
}

function compared(
  present: string,
  parts: string[],
  { own, incumbents }: { own: Signature; incumbents: Signature | undefined },
  inputs: Judgement['inputs'],
): Judgement {
  const changes = signatureDifference(incumbents ?? null, own);
  const breaking = changes.filter(({ breaking }) => breaking);
  const output = { parts, breaking: breaking.length, changes: changes.slice(0, changesInOutput) };
  if (breaking.length > 0) {
    const what = named(breaking.map(sentence));
    return { status: 'FAILED', summary: `who calls the incumbent cannot call the version: ${what}`, output, inputs };
  }
  const how = incumbents
    ? `compatible with the incumbent's, ${changes.length} changes`
    : 'the incumbent has none to be held against';
  return { status: 'PASSED', summary: `${present}; ${how}`, output, inputs };
}

function sentence({ path, kind, before, after }: SignatureChange): string {
  if (kind === 'REMOVED') return `${path} was removed`;
  if (kind === 'ADDED') return `${path} was added, and is required`;
  return `${path} was ${before} and is ${after}`;
}
