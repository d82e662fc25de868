import { InvalidArgument } from '@app/platform';
import type { NewVersion } from './model-version.repository.js';
import { checkedTags, type Tag } from './tag.js';
import { description, plainText } from './text.js';

/** What a copy says of itself; all else comes from the version it is copied from. */
export interface VersionNotes {
  description?: string | null;
  runLink?: string | null;
  tags?: Tag[];
}

export interface NewModelVersion extends VersionNotes {
  /** The full name of the model. */
  model: string;
  /** Where the files are, as the client named it. */
  source: string;
  /** The folder in the artifact store that the source names, which the caller may read; none when it lies outside. */
  storagePath?: string | null;
  runId?: string | null;
  /** A run that is none of ours, or none that the caller may read. */
  namedRunId?: string | null;
  /** Who ran it. */
  runPrincipalId?: string | null;
  loggedModelId?: string | null;
}

type Written = Omit<NewVersion, 'id' | 'modelId' | 'createdBy'>;

const longestUri = 2048;
const longestRunId = 500;

/** @throws InvalidArgument naming the field */
function checkedNotes({ description: text, runLink, tags }: VersionNotes) {
  return {
    description: description(text),
    runLink: runLink ? plainText(runLink, 'run_link', longestUri) : null,
    tags: checkedTags(tags),
  };
}

/**
 * A registration, checked. Files in our store are read before the version is READY; what lies outside is taken as named.
 * @throws InvalidArgument naming the field
 */
export function checkedRegistration(input: NewModelVersion): { row: Written; tags: Tag[] } {
  const { tags, ...notes } = checkedNotes(input);
  if (input.source === '') throw new InvalidArgument('source: must not be empty', ['source']);
  const storagePath = input.storagePath ?? null;
  const row: Written = {
    ...notes,
    source: plainText(input.source, 'source', longestUri),
    storagePath,
    status: storagePath === null ? 'READY' : 'PENDING_REGISTRATION',
    runId: input.runId || null,
    namedRunId: input.namedRunId ? plainText(input.namedRunId, 'run_id', longestRunId) : null,
    outsideUri: null,
    runPrincipalId: input.runPrincipalId ?? null,
    loggedModelId: input.loggedModelId || null,
  };
  return { row, tags };
}

/**
 * A copy: the same files, the same run. Its source names the original, and what lies outside our store is kept beside
 * it, because clients download from there.
 * @throws InvalidArgument naming the field
 */
export function checkedCopy(
  original: Pick<
    NewVersion,
    'source' | 'outsideUri' | 'storagePath' | 'runId' | 'namedRunId' | 'runPrincipalId' | 'loggedModelId' | 'runLink'
  >,
  originalName: string,
  input: VersionNotes,
): { row: Written; tags: Tag[] } {
  const { tags, ...notes } = checkedNotes(input);
  const { source, outsideUri, storagePath, runId, namedRunId, runPrincipalId, loggedModelId, runLink } = original;
  const row: Written = {
    ...notes,
    runLink: notes.runLink ?? runLink,
    source: `models:/${originalName}`,
    outsideUri: storagePath === null ? (outsideUri ?? source) : null,
    storagePath,
    status: 'READY',
    runId,
    namedRunId,
    runPrincipalId,
    loggedModelId,
  };
  return { row, tags };
}
