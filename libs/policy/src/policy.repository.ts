import { METASTORE_ID, type Securable, type SecurableKind, SecurableRepository, securableColumns } from '@app/access';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw } from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';
import { type PolicyRules, policyNameKey } from './policy.js';

/** The securable that a policy hangs on. The metastore is one, whatever name is given for it. */
export interface PolicyPlace {
  kind: Exclude<SecurableKind, 'EXPERIMENT'>;
  fullName: string;
}

/** A policy with its current revision. */
export interface Policy {
  id: string;
  securableId: string;
  name: string;
  currentRevision: number;
  rules: PolicyRules;
  createdAt: Date;
  createdBy: string | null;
  retiredAt: Date | null;
}

/** What a policy said at one time. Never changed. */
export interface PolicyRevision {
  id: string;
  policyId: string;
  revision: number;
  rules: PolicyRules;
  reason: string | null;
  createdAt: Date;
  createdBy: string | null;
}

/** A live policy on the way from the metastore to a model. */
export interface MatchingPolicy {
  policyId: string;
  revisionId: string;
  name: string;
  revision: number;
  rules: PolicyRules;
  /** Where it hangs, in words: `catalog prod`, `metastore`. */
  on: string;
}

export const policyColumns =
  raw(`p.id, p.securable_id AS "securableId", p.name, p.current_revision AS "currentRevision",
  r.rules, p.created_at AS "createdAt", p.created_by AS "createdBy", p.retired_at AS "retiredAt"`);

export const withRevision = raw(
  'policies p JOIN policy_revisions r ON r.policy_id = p.id AND r.revision = p.current_revision',
);

export const revisionColumns = raw(
  `r.id, r.policy_id AS "policyId", r.revision, r.rules, r.reason, r.created_at AS "createdAt", r.created_by AS "createdBy"`,
);

@Injectable()
export class PolicyRepository {
  constructor(
    private readonly db: Database,
    private readonly securables: SecurableRepository,
  ) {}

  securableAt({ kind, fullName }: PolicyPlace): Promise<Securable | undefined> {
    return kind === 'METASTORE' ? this.securables.byId(METASTORE_ID) : this.securables.byFullName(kind, fullName);
  }

  byId(id: string): Promise<Policy | undefined> {
    return this.db.first<Policy>(sql`SELECT ${policyColumns} FROM ${withRevision} WHERE p.id = ${id}::uuid`);
  }

  /** The same, locked until the transaction ends, so that revisions are numbered one after the other. */
  async lock(id: string): Promise<Policy | undefined> {
    return this.db.first<Policy>(
      sql`SELECT ${policyColumns} FROM ${withRevision} WHERE p.id = ${id}::uuid FOR UPDATE OF p`,
    );
  }

  securableOf(policyId: string): Promise<Securable | undefined> {
    return this.db.first<Securable>(
      sql`SELECT ${securableColumns('s')} FROM policies p JOIN securables s ON s.id = p.securable_id WHERE p.id = ${policyId}::uuid`,
    );
  }

  /** Every live policy on these securables, the metastore's first, the model's last. */
  live(securableIds: readonly string[]): Promise<MatchingPolicy[]> {
    return this.db.query<MatchingPolicy>(sql`
      SELECT p.id AS "policyId", r.id AS "revisionId", p.name, r.revision, r.rules,
        CASE s.kind WHEN 'METASTORE' THEN 'the metastore' WHEN 'REGISTERED_MODEL' THEN 'model ' || s.full_name
          ELSE lower(s.kind) || ' ' || s.full_name END AS on
      FROM ${withRevision} JOIN securables s ON s.id = p.securable_id
      WHERE p.securable_id = ANY(${securableIds}::uuid[]) AND p.retired_at IS NULL
      ORDER BY array_position(ARRAY['METASTORE', 'CATALOG', 'SCHEMA', 'REGISTERED_MODEL'], s.kind), p.name_key`);
  }

  revisions(policyId: string, numbers: readonly number[]): Promise<PolicyRevision[]> {
    return this.db.query<PolicyRevision>(sql`
      SELECT ${revisionColumns} FROM policy_revisions r
      WHERE r.policy_id = ${policyId}::uuid AND r.revision = ANY(${numbers}::int4[])`);
  }

  /** What each of the revisions says. */
  rulesOf(revisionIds: readonly string[]): Promise<{ id: string; rules: PolicyRules }[]> {
    return this.db.query(sql`SELECT id, rules FROM policy_revisions WHERE id = ANY(${revisionIds}::uuid[])`);
  }

  /** @returns undefined when the securable has a policy of this name: nothing was written */
  async insert(policy: { securableId: string; name: string; createdBy: string }): Promise<string | undefined> {
    const row = await this.db.first<{ id: string }>(sql`
      INSERT INTO policies (id, securable_id, name, name_key, created_by)
      VALUES (${uuidv7()}::uuid, ${policy.securableId}::uuid, ${policy.name}, ${policyNameKey(policy.name)}, ${policy.createdBy}::uuid)
      ON CONFLICT (securable_id, name_key) DO NOTHING RETURNING id`);
    return row?.id;
  }

  /** Adds a revision and makes it the current one. */
  async revise(
    policyId: string,
    revision: { number: number; rules: PolicyRules; reason: string | null; createdBy: string },
  ): Promise<void> {
    await this.db.execute(sql`
      WITH added AS (
        INSERT INTO policy_revisions (id, policy_id, revision, rules, reason, created_by)
        VALUES (${uuidv7()}::uuid, ${policyId}::uuid, ${revision.number}::int4, ${JSON.stringify(revision.rules)}::jsonb,
          ${revision.reason}, ${revision.createdBy}::uuid) RETURNING policy_id, revision)
      UPDATE policies SET current_revision = added.revision FROM added WHERE policies.id = added.policy_id`);
  }

  async retire(policyId: string): Promise<void> {
    await this.db.execute(sql`UPDATE policies SET retired_at = now() WHERE id = ${policyId}::uuid`);
  }

  /** Those of the given principals that do not exist. */
  async unknownPrincipals(ids: readonly string[]): Promise<string[]> {
    const rows = await this.db.query<{ id: string }>(
      sql`SELECT given.id FROM unnest(${ids}::uuid[]) AS given(id) WHERE NOT EXISTS (SELECT 1 FROM principals p WHERE p.id = given.id)`,
    );
    return rows.map(({ id }) => id);
  }
}
