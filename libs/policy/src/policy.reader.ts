import { Access, SecurableRepository } from '@app/access';
import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { PromotionKind } from './effective-policy.js';
import { Policies } from './policies.service.js';
import { HiddenPolicy, PolicyNotFound, RevisionNotFound } from './policy.errors.js';
import {
  type Policy,
  type PolicyPlace,
  PolicyRepository,
  type PolicyRevision,
  policyColumns,
  revisionColumns,
  withRevision,
} from './policy.repository.js';
import { type PolicyChange, policyDifference } from './policy-difference.js';
import { type PolicyPreview, policyPreview } from './policy-preview.js';
import { type NamedTarget, parseTarget } from './target.js';

/** Policies for people. Who may know the securable may read the policies on it: they say what applies to him. */
@Injectable()
export class PolicyReader {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
    private readonly matching: Policies,
    private readonly policies: PolicyRepository,
    private readonly securables: SecurableRepository,
  ) {}

  /** @throws NotFound when it is absent, or hangs on something that the caller may not know */
  async get(id: string): Promise<Policy> {
    const policy = await this.policies.byId(id);
    const securable = await this.policies.securableOf(id);
    if (!policy || !securable) throw new PolicyNotFound(id);
    if (!(await this.access.allowed('DISCOVER', securable))) throw new HiddenPolicy(id, securable);
    return policy;
  }

  /** The policies on one securable, live and retired, by name. */
  async on(place: PolicyPlace, args: PageArgs): Promise<Page<Policy>> {
    const found = await this.policies.securableAt(place);
    const { object } = await this.access.authorize('DISCOVER', found, place.kind, place.fullName);
    return keysetPage<Policy, Policy>(this.db, {
      select: policyColumns,
      from: withRevision,
      where: sql`p.securable_id = ${object.id}::uuid`,
      orderName: 'name',
      order: [
        { expression: sql`p.name_key`, type: 'text', direction: 'ASC' },
        { expression: sql`p.id`, type: 'uuid', direction: 'ASC' },
      ],
      args,
      toNode: (row) => row,
    });
  }

  async countOn(place: PolicyPlace): Promise<number> {
    const found = await this.policies.securableAt(place);
    const { object } = await this.access.authorize('DISCOVER', found, place.kind, place.fullName);
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM policies p WHERE p.securable_id = ${object.id}::uuid`,
    );
    return row?.count ?? 0;
  }

  /** The revisions of a policy, the newest first. */
  async revisions(policyId: string, args: PageArgs): Promise<Page<PolicyRevision>> {
    await this.get(policyId);
    return keysetPage<PolicyRevision, PolicyRevision>(this.db, {
      select: revisionColumns,
      from: sql`policy_revisions r`,
      where: sql`r.policy_id = ${policyId}::uuid`,
      orderName: 'revision',
      order: [{ expression: sql`r.revision`, type: 'int8', direction: 'DESC' }],
      args,
      toNode: (row) => row,
    });
  }

  /**
   * What changed from one revision of a policy to another.
   * @throws NotFound when the policy or a revision is absent, or the caller may not see it
   */
  async difference(policyId: string, { from, to }: { from: number; to: number }): Promise<PolicyChange[]> {
    const { name } = await this.get(policyId);
    const revisions = await this.policies.revisions(policyId, [from, to]);
    const rulesOf = (number: number) => {
      const found = revisions.find(({ revision }) => revision === number);
      if (!found) throw new RevisionNotFound(name, number);
      return found.rules;
    };
    return policyDifference(rulesOf(from), rulesOf(to));
  }

  /**
   * The sum of the policies on a target of a model, and where each part comes from. Whoever may know the model may ask.
   * A promotion to a stage is also under the policies of the stage that the version leaves, and of Archived where the
   * incumbent goes there: those are shown by the preflight, which knows the version.
   * @throws NotFound, InvalidArgument
   */
  async preview(fullName: string, named: NamedTarget, kind: PromotionKind): Promise<PolicyPreview> {
    const found = await this.securables.byFullName('REGISTERED_MODEL', fullName);
    const { object } = await this.access.authorize('DISCOVER', found, 'REGISTERED_MODEL', fullName);
    return policyPreview(await this.matching.matching(object, [parseTarget(named)]), kind);
  }
}
