import type { Securable } from '@app/access';
import type { VersionView } from './model-version.js';
import type { Tag } from './tag.js';

/** A named line of versions: a securable in a schema. */
export type RegisteredModel = Securable;

/** An alias and who holds it. */
export interface ModelAlias {
  modelId: string;
  alias: string;
  versionId: string;
  versionNumber: number;
  setAt: Date;
  setBy: string | null;
}

/** A model with all that its page shows: read in one statement, at a cost that does not grow with its versions. */
export interface RegisteredModelView extends RegisteredModel {
  tags: Tag[];
  aliases: { alias: string; versionNumber: number }[];
  /** The newest version in each stage that has one. */
  latestVersions: VersionView[];
}

export interface RegisteredModelFilter {
  /** The beginning of the full name, in any case. */
  namePrefix?: string | null;
  /** A part of the full name, in any case. */
  nameContains?: string | null;
  catalog?: string | null;
  /** catalog.schema */
  schema?: string | null;
  ownerId?: string | null;
  /** Without a value: the tag is there, whatever it says. */
  tags?: { key: string; value?: string | null }[] | null;
}

export interface RegisteredModelOrder {
  field: 'FULL_NAME' | 'CREATED_AT' | 'UPDATED_AT';
  direction: 'ASC' | 'DESC';
}
