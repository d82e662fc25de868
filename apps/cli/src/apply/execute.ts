import { refKey } from '../access-file/securable-kind.js';
import { CliError } from '../cli-error.js';
import type { Client } from '../server/client.js';
import {
  grantsUpdateDocument,
  groupCreateDocument,
  memberAddDocument,
  memberRemoveDocument,
  ownerDocument,
  policyCreateDocument,
  policyRetireDocument,
  policyReviseDocument,
} from '../server/documents.js';
import type { Change, GrantChange, Plan, PolicyChange } from './change.js';
import { toWire } from './policy-rules.js';
import { type Step, stepsOf } from './steps.js';

export interface Progress {
  applied: Change[];
  /** What the failing request held: none of it was changed; after a lost connection that is not known. */
  failed: Change[];
  /** What was not come to. */
  left: Change[];
  error?: unknown;
}

/**
 * Carries out a plan, one request after the other, and stops at the first that fails. What has been applied stays:
 * running it again goes on from there.
 * @param reason stands in the history of the policies that are changed
 * @param stop ends it between two requests
 */
export async function execute(
  client: Pick<Client, 'mutate'>,
  plan: Plan,
  reason: string,
  stop: AbortSignal,
): Promise<Progress> {
  const steps = stepsOf(plan);
  const revisions = new Map(plan.revisions);
  for (const [index, step] of steps.entries()) {
    if (stop.aborted) {
      const error = new CliError('FAILURE', 'interrupted');
      return { applied: changesOf(steps.slice(0, index)), failed: [], left: changesOf(steps.slice(index)), error };
    }
    try {
      await carryOut(client, step, revisions, reason);
    } catch (error) {
      return {
        applied: changesOf(steps.slice(0, index)),
        failed: step.changes,
        left: changesOf(steps.slice(index + 1)),
        error,
      };
    }
  }
  return { applied: changesOf(steps), failed: [], left: [] };
}

const changesOf = (steps: readonly Step[]): Change[] => steps.flatMap(({ changes }): Change[] => changes);

async function carryOut(client: Pick<Client, 'mutate'>, step: Step, revisions: Map<string, number>, reason: string) {
  if (step.kind === 'grants') return updateGrants(client, step.changes, revisions);
  if (step.kind === 'policy') return changePolicy(client, step.changes[0], reason);
  const [change] = step.changes;
  if (change.kind === 'group') return client.mutate(groupCreateDocument, { name: change.group });
  if (change.kind === 'owner') return client.mutate(ownerDocument, { securable: change.on, owner: change.owner });
  const { action, group, member } = change;
  return client.mutate(action === 'create' ? memberAddDocument : memberRemoveDocument, { group, member });
}

/** Refused as a conflict when somebody else has changed the grants since they were read. */
async function updateGrants(
  client: Pick<Client, 'mutate'>,
  changes: readonly GrantChange[],
  revisions: Map<string, number>,
): Promise<void> {
  const [{ on }] = changes as [GrantChange];
  const added = changes.filter(({ action }) => action !== 'delete');
  const removed = changes.filter(({ action }) => action === 'delete');
  const { securable } = await client.mutate<{ securable: { grantsRevision: number } | null }>(grantsUpdateDocument, {
    securable: on,
    expectedRevision: revisions.get(refKey(on)),
    add: added.map(({ principal, privilege, expiresAt }) => ({ principal, privilege, expiresAt })),
    remove: removed.map(({ principal, privilege }) => ({ principal, privilege })),
  });
  if (securable) revisions.set(refKey(on), securable.grantsRevision);
}

function changePolicy(client: Pick<Client, 'mutate'>, change: PolicyChange, reason: string): Promise<unknown> {
  const { action, on, policy, rules, id, revision } = change;
  if (action === 'create')
    return client.mutate(policyCreateDocument, { on, name: policy, rules: toWire(rules), reason });
  if (action === 'delete') return client.mutate(policyRetireDocument, { policyId: id, reason });
  return client.mutate(policyReviseDocument, {
    policyId: id,
    rules: toWire(rules),
    reason,
    expectedRevision: revision,
  });
}
