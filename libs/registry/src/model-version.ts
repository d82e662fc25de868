import type { Securable } from '@app/access';
import type { AuditObject } from '@app/audit';
import { InvalidArgument } from '@app/platform';
import type { Stage } from '@app/policy';
import type { VersionContent } from './mlmodel.js';
import { VersionNotReady } from './registry.errors.js';
import type { Tag } from './tag.js';

export type VersionStatus = 'PENDING_REGISTRATION' | 'READY' | 'FAILED_REGISTRATION';

/** A version without what its files say: what lists and the hot reads answer with. */
export interface VersionSummary {
  id: string;
  modelId: string;
  modelFullName: string;
  number: number;
  status: VersionStatus;
  /** Why a registration failed. */
  statusMessage: string | null;
  stage: Stage;
  description: string | null;
  /** What the client named, word for word. */
  source: string;
  /** The folder in the artifact store that holds the files; null when the source lies outside it. */
  storagePath: string | null;
  runId: string | null;
  /** A run of elsewhere, as the client named it: a text that nothing is read from, and no link to a run of ours. */
  namedRunId: string | null;
  /** Where the files of a copy are when they lie outside our store; its source names the original. */
  outsideUri: string | null;
  runLink: string | null;
  loggedModelId: string | null;
  /** Who trained: the principal of the run. */
  runPrincipalId: string | null;
  artifactDigest: string | null;
  artifactSize: number | null;
  createdAt: Date;
  createdBy: string | null;
  updatedAt: Date;
}

export interface ModelVersion extends VersionSummary, VersionContent {}

/** A version with its tags, its aliases and the name of who registered it, as MLflow shows it. */
export interface VersionView extends VersionSummary {
  tags: Tag[];
  aliases: string[];
  creatorName: string | null;
}

export interface ModelVersionOrder {
  field: 'NUMBER' | 'CREATED_AT';
  direction: 'ASC' | 'DESC';
}

const largestNumber = 2 ** 31 - 1;

/**
 * The number of a version: whole, from 1.
 * @throws InvalidArgument naming the field
 */
export function versionNumber(number: number, field = 'version'): number {
  if (!Number.isInteger(number) || number < 1 || number > largestNumber) {
    throw new InvalidArgument(`${field}: ${number} is not a version number: it must be a whole number from 1`, [field]);
  }
  return number;
}

/** catalog.schema.model/3 */
export const versionName = (modelFullName: string, number: number): string => `${modelFullName}/${number}`;

/** The version as the audit trail names it. */
export const auditedVersion = (
  model: Pick<Securable, 'id' | 'catalogId' | 'schemaId' | 'fullName'>,
  { id, number }: Pick<VersionSummary, 'id' | 'number'>,
): AuditObject => ({ kind: 'MODEL_VERSION', id, name: versionName(model.fullName, number), within: model });

/**
 * Only a version whose files are known, byte for byte, can hold a target or be copied.
 * @throws VersionNotReady
 */
export function requireReady(version: VersionSummary): void {
  if (version.status !== 'READY') throw new VersionNotReady(version);
}

/** Where clients download the files: our artifact proxy, or the place outside that the source, or that of its original, names. */
export const downloadUri = ({ storagePath, outsideUri, source }: VersionSummary): string =>
  storagePath === null ? (outsideUri ?? source) : `mlflow-artifacts:/${storagePath}`;
