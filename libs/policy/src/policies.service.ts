import { Access, METASTORE_ID, type Securable } from '@app/access';
import { AuditLog } from '@app/audit';
import { AlreadyExists, Config, Conflict, FailedPrecondition, InvalidArgument, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import type { AskedMove } from './approval-urls.js';
import type { PinnedPolicy } from './effective-policy.js';
import { HoldoutDatasets } from './holdout-datasets.js';
import { HiddenPolicy, type NamedModel, PolicyNotFound, ProtectedTarget } from './policy.errors.js';
import { type ApprovalRule, type PolicyRules, parsePolicyRules, policyName, policyReason, protects } from './policy.js';
import { type MatchingPolicy, type Policy, type PolicyPlace, PolicyRepository } from './policy.repository.js';
import type { PolicyDraft } from './policy-draft.js';
import type { Target } from './target.js';
import { validatorNameKey, validatorsIn } from './validator.js';
import { ValidatorRepository } from './validator.repository.js';

/** Where a model stands; all that is needed to find its policies. */
type ModelPath = Pick<Securable, 'id' | 'catalogId' | 'schemaId'>;

export interface NewPolicyDraft {
  on: PolicyPlace;
  name?: string | null;
  rules: unknown;
  /** The id of the policy on the securable that the draft would replace. */
  replaces?: string | null;
}

@Injectable()
export class Policies {
  constructor(
    private readonly access: Access,
    private readonly audit: AuditLog,
    private readonly config: Config,
    private readonly holdoutDatasets: HoldoutDatasets,
    private readonly policies: PolicyRepository,
    private readonly transaction: Transaction,
    private readonly validators: ValidatorRepository,
  ) {}

  /**
   * Every live policy, dry-run ones included, that names one of the targets of the model: on the metastore, its catalog, its
   * schema or the model itself, outermost first. Asks no right: a library's question, in one statement.
   */
  async matching(model: ModelPath, targets: readonly Target[]): Promise<MatchingPolicy[]> {
    const path = [METASTORE_ID, model.catalogId, model.schemaId, model.id].filter((id) => id !== null);
    return (await this.policies.live(path)).filter(({ rules }) => targets.some((target) => protects(rules, target)));
  }

  /** Those of `matching` that protect: a dry-run policy stops nothing. */
  async protecting(model: ModelPath, target: Target): Promise<MatchingPolicy[]> {
    return (await this.matching(model, [target])).filter(({ rules }) => !rules.dryRun);
  }

  /**
   * For every direct move of a target. Call it in the transaction of the move.
   * @param move what was asked for, when a version is to hold a target: also one that moves this target by the way
   * @throws ProtectedTarget naming the policies and the promotion request to open instead
   */
  async requireUnprotected(model: NamedModel, target: Target, move?: AskedMove): Promise<void> {
    const policies = await this.protecting(model, target);
    if (policies.length === 0) return;
    throw new ProtectedTarget({
      model,
      target,
      move,
      policies,
      publicUrl: this.config.publicUrl,
    });
  }

  /**
   * Hangs a new policy on a securable. Needs MANAGE_POLICY on it.
   * @throws InvalidArgument naming the field of the rules that is wrong; AlreadyExists; NotFound or PermissionDenied for a
   * holdout dataset that the caller may not read
   */
  async create(input: { on: PolicyPlace; name: string; rules: unknown; reason?: string | null }): Promise<Policy> {
    const { on } = input;
    const found = await this.policies.securableAt(on);
    const { caller, object } = await this.access.authorize('MANAGE_POLICY', found, on.kind, on.fullName);
    const name = policyName(input.name);
    const rules = parsePolicyRules(input.rules);
    await this.holdoutDatasets.requireReadable(rules);
    const reason = input.reason ? policyReason(input.reason) : null;
    return this.transaction.run(async () => {
      await this.requireKnown(rules);
      const id = await this.policies.insert({ securableId: object.id, name, createdBy: caller.id });
      if (!id) throw new AlreadyExists('Policy', `${name} on ${object.fullName}`);
      await this.policies.revise(id, { number: 1, rules, reason, createdBy: caller.id });
      const policy = await this.required(id);
      await this.record('policy.created', policy, object, { after: rules, reason });
      return policy;
    });
  }

  /**
   * Adds a revision: what the policy says from now on. Requests that are open keep the one they were opened under, and
   * are blocked when they are to be applied.
   * @param expectedRevision when given, the revision that the caller has seen
   * @throws Conflict when another revision is current; FailedPrecondition when the policy is retired
   */
  async revise(input: {
    id: string;
    rules: unknown;
    reason: string;
    expectedRevision?: number | null;
  }): Promise<Policy> {
    const { caller, securable } = await this.authorizeManage(input.id);
    const rules = parsePolicyRules(input.rules);
    await this.holdoutDatasets.requireReadable(rules);
    const reason = policyReason(input.reason);
    return this.transaction.run(async () => {
      const before = await this.lockLive(input.id);
      if (input.expectedRevision != null && input.expectedRevision !== before.currentRevision) {
        throw new Conflict(
          'POLICY_CHANGED',
          `expectedRevision: ${input.expectedRevision} is not current, policy "${before.name}" is at revision ${before.currentRevision}: look at it again`,
          { currentRevision: before.currentRevision },
        );
      }
      await this.requireKnown(rules);
      const number = before.currentRevision + 1;
      await this.policies.revise(before.id, { number, rules, reason, createdBy: caller.id });
      const policy = await this.required(before.id);
      await this.record('policy.revised', policy, securable, { before: before.rules, after: rules, reason });
      return policy;
    });
  }

  /**
   * Ends a policy: it protects nothing more. Its revisions stay.
   * @throws FailedPrecondition when it is retired already
   */
  async retire(input: { id: string; reason: string }): Promise<Policy> {
    const { securable } = await this.authorizeManage(input.id);
    const reason = policyReason(input.reason);
    return this.transaction.run(async () => {
      const before = await this.lockLive(input.id);
      await this.policies.retire(before.id);
      const policy = await this.required(before.id);
      await this.record('policy.retired', policy, securable, { before: before.rules, reason });
      return policy;
    });
  }

  /**
   * Rules that are not written down, checked as if they were to be. Needs MANAGE_POLICY on the securable.
   * @throws NotFound, PermissionDenied; InvalidArgument naming the field that is wrong
   */
  async draft({ on, name, rules, replaces }: NewPolicyDraft): Promise<PolicyDraft> {
    const found = await this.policies.securableAt(on);
    const { object } = await this.access.authorize('MANAGE_POLICY', found, on.kind, on.fullName);
    const checked = parsePolicyRules(rules);
    await this.holdoutDatasets.requireReadable(checked);
    await this.requireKnown(checked);
    const replaced = replaces ? await this.policies.byId(replaces) : undefined;
    if (replaces && replaced?.securableId !== object.id) throw new PolicyNotFound(replaces);
    return { on: object, name: name ? policyName(name) : 'draft', rules: checked, replaces: replaces ?? null };
  }

  /** What the pinned revisions of each request say, in their order. Asks no right: a library's question, in one statement. */
  async pinned(requests: readonly (readonly PinnedPolicy[])[]): Promise<MatchingPolicy[][]> {
    const revisionIds = [...new Set(requests.flat().map(({ revisionId }) => revisionId))];
    const rules = new Map((await this.policies.rulesOf(revisionIds)).map((revision) => [revision.id, revision.rules]));
    return requests.map((policies) =>
      policies.flatMap((policy) => {
        const found = rules.get(policy.revisionId);
        return found ? [{ ...policy, rules: found }] : [];
      }),
    );
  }

  private async authorizeManage(id: string) {
    const caller = this.access.caller();
    const securable = await this.policies.securableOf(id);
    if (!securable) throw new PolicyNotFound(id);
    if (!(await this.access.allowed('DISCOVER', securable))) throw new HiddenPolicy(id, securable);
    await this.access.authorize('MANAGE_POLICY', securable, securable.kind, securable.fullName);
    return { caller, securable };
  }

  private async lockLive(id: string): Promise<Policy> {
    const policy = await this.policies.lock(id);
    if (!policy) throw new PolicyNotFound(id);
    if (policy.retiredAt) {
      throw new FailedPrecondition('POLICY_RETIRED', `policy "${policy.name}" is retired: make a new one instead`);
    }
    return policy;
  }

  private async required(id: string): Promise<Policy> {
    const policy = await this.policies.byId(id);
    if (!policy) throw new PolicyNotFound(id);
    return policy;
  }

  /** Whom and what the rules name must be there. @throws InvalidArgument naming what is not */
  private async requireKnown(rules: PolicyRules): Promise<void> {
    await this.requireKnownValidators(rules);
    const { approvals, rollback } = rules;
    const named = [
      ...namedIn(approvals, ['rules', 'approvals']),
      ...namedIn(rollback.approvals ?? [], ['rules', 'rollback', 'approvals']),
    ];
    const unknown = await this.policies.unknownPrincipals(named.map(({ id }) => id));
    const wrong = named.find(({ id }) => unknown.includes(id));
    if (wrong) throw new InvalidArgument(`${wrong.path.join('.')}: there is no principal ${wrong.id}`, wrong.path);
  }

  private async requireKnownValidators(rules: PolicyRules): Promise<void> {
    const named = validatorsIn(rules);
    if (named.length === 0) return;
    const known = await this.validators.hold(named.map(({ name }) => name));
    const wrong = named.find(({ name }) => !known.includes(validatorNameKey(name)));
    if (wrong) throw new InvalidArgument(`${wrong.path.join('.')}: there is no validator "${wrong.name}"`, wrong.path);
  }

  private record(
    action: string,
    policy: Policy,
    securable: Securable,
    change: { before?: PolicyRules; after?: PolicyRules; reason: string | null },
  ): Promise<void> {
    const name = `${policy.name} on ${securable.fullName} (revision ${policy.currentRevision})`;
    return this.audit.record({ action, object: { kind: 'POLICY', id: policy.id, name, within: securable }, ...change });
  }
}

/** Whom approval rules name, and where. */
const namedIn = (rules: readonly ApprovalRule[], path: readonly string[]): { id: string; path: string[] }[] =>
  rules.flatMap(({ principalIds }, rule) =>
    principalIds.map((id, index) => ({ id, path: [...path, String(rule), 'principalIds', String(index)] })),
  );
