import { FailedPrecondition } from '@app/platform';
import { parse } from 'yaml';
import { z } from 'zod';

/** One column, tensor or parameter, as MLflow writes it (mlflow.types.schema). */
export type SignatureField = { type: string; name?: string; required?: boolean } & Record<string, unknown>;

/** What a model takes and gives. null: the signature says nothing of it. */
export interface Signature {
  inputs: SignatureField[] | null;
  outputs: SignatureField[] | null;
  params: SignatureField[] | null;
}

/** What the MLmodel file says that the registry keeps. */
export interface MlmodelContent {
  signature: Signature | null;
  flavors: Record<string, unknown> | null;
}

/** What a version's files say that the registry keeps. */
export interface VersionContent extends MlmodelContent {
  /** What the model needs to run (requirements.ts); null when no file says so. */
  requirements: string[] | null;
}

const fields = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'is not JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.array(z.looseObject({ type: z.string(), name: z.string().optional(), required: z.boolean().optional() })))
  .nullish()
  .transform((list) => list ?? null);

const mlmodel = z.looseObject({
  signature: z.object({ inputs: fields, outputs: fields, params: fields }).nullish(),
  flavors: z.record(z.string(), z.unknown()).nullish(),
});

const unreadable = (why: string) => new FailedPrecondition('UNREADABLE_MLMODEL', `MLmodel: cannot be read: ${why}`);

/** YAML can spell what jsonb does not take: NUL, halves of surrogate pairs, and an anchor that contains itself. */
function isStorable(value: unknown): boolean {
  try {
    return !/(^|[^\\])(\\\\)*\\u(0000|d[89a-f])/.test(JSON.stringify(value));
  } catch {
    return false;
  }
}

/**
 * Signature and flavors of a model, from the text of its MLmodel file.
 * @throws FailedPrecondition UNREADABLE_MLMODEL that says what is wrong with it
 */
export function parseMlmodel(text: string): MlmodelContent {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw unreadable(`it is not YAML: ${(error as Error).message.split('\n', 1)[0]}`);
  }
  const parsed = mlmodel.safeParse(document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw unreadable(`${issue?.path.join('.') || 'the document'}: ${issue?.message}`);
  }
  const content = { signature: parsed.data.signature ?? null, flavors: parsed.data.flavors ?? null };
  if (!isStorable(content)) throw unreadable('it has text that cannot be stored, or contains itself');
  return content;
}
