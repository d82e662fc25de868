import sql from 'sql-template-tag';
import type { Rows } from './case.js';
import { metastore, type WalkWorld } from './world.js';

const rules = { protects: { aliases: ['x'] } };
const url = 'https://receiver.example/';
const onProd = { kind: 'CATALOG', fullName: 'prod' };

async function policy(w: WalkWorld): Promise<{ name: string; policyId: string }> {
  const name = w.fresh('policy');
  const made = await w.done('policyCreate', { on: onProd, name, rules }, 'policy { id }');
  return { name, policyId: made.policy.id };
}

async function validator(w: WalkWorld): Promise<string> {
  const name = w.fresh('validator');
  await w.done('validatorCreate', { name, url });
  return name;
}

async function webhook(w: WalkWorld): Promise<{ name: string; webhookId: string }> {
  const name = w.fresh('webhook');
  const input = { securable: metastore, name, url: w.receiver.url, eventTypes: ['catalog.created'] };
  const made = await w.done('webhookCreate', input, 'webhook { id }');
  return { name, webhookId: made.webhook.id };
}

/** Policies, validators, webhooks, and what is kept of the audit log. */
export const governanceRows: Rows = {
  policyCreate: (w) => {
    const name = w.fresh('policy');
    return {
      input: { on: onProd, name, rules, reason: 'x' },
      events: [`policy.created ${name} on prod (revision 1) (after, reason)`],
    };
  },
  policyRevise: async (w) => {
    const { name, policyId } = await policy(w);
    const input = { policyId, rules: { ...rules, waitSeconds: 1 }, reason: 'x' };
    return { input, events: [`policy.revised ${name} on prod (revision 2) (before, after, reason)`] };
  },
  policyRetire: async (w) => {
    const { name, policyId } = await policy(w);
    return {
      input: { policyId, reason: 'x' },
      events: [`policy.retired ${name} on prod (revision 1) (before, reason)`],
    };
  },
  validatorCreate: (w) => {
    const name = w.fresh('validator');
    return { input: { name, url }, events: [`validator.created ${name} (after)`] };
  },
  validatorDelete: async (w) => {
    const name = await validator(w);
    return { input: { name }, events: [`validator.deleted ${name} (before)`] };
  },
  validatorDisable: async (w) => {
    const name = await validator(w);
    return { input: { name }, events: [`validator.disabled ${name} (before, after)`], onceMore: 'NOTHING' };
  },
  validatorEnable: async (w) => {
    const name = await validator(w);
    await w.done('validatorDisable', { name });
    return { input: { name }, events: [`validator.enabled ${name} (before, after)`], onceMore: 'NOTHING' };
  },
  validatorSecretRotate: async (w) => {
    const name = await validator(w);
    return { input: { name }, events: [`validator.secret_rotated ${name} (after)`] };
  },
  validatorUpdate: async (w) => {
    const name = await validator(w);
    const input = { name, description: 'x' };
    return { input, events: [`validator.updated ${name} (before, after)`], onceMore: 'NOTHING' };
  },
  webhookCreate: (w) => {
    const name = w.fresh('webhook');
    const input = { securable: metastore, name, url, eventTypes: ['*'] };
    return { input, events: [`webhook.created ${name} on metastore (after)`] };
  },
  webhookUpdate: async (w) => {
    const { name, webhookId } = await webhook(w);
    const input = { webhookId, description: 'x' };
    return { input, events: [`webhook.updated ${name} on metastore (before, after)`], onceMore: 'NOTHING' };
  },
  webhookDelete: async (w) => {
    const { name, webhookId } = await webhook(w);
    return { input: { webhookId }, events: [`webhook.deleted ${name} on metastore (before)`] };
  },
  webhookSecretRotate: async (w) => {
    const { name, webhookId } = await webhook(w);
    return { input: { webhookId }, events: [`webhook.secret_rotated ${name} on metastore (after)`] };
  },
  webhookTest: async (w) => {
    const { name, webhookId } = await webhook(w);
    return { input: { webhookId }, events: [`webhook.tested ${name} on metastore`] };
  },
  webhookDeliveryReplay: async (w) => {
    const { name, webhookId } = await webhook(w);
    const { webhookDelivery } = await w.done('webhookTest', { webhookId }, 'webhookDelivery { id }');
    return {
      input: { webhookDeliveryId: webhookDelivery.id },
      events: [`webhook.delivery_replayed ${name} on metastore (after)`],
    };
  },
  webhookFailedReplay: async (w) => {
    const { name, webhookId } = await webhook(w);
    await w.done('webhookTest', { webhookId });
    await w.t.db.execute(sql`UPDATE webhook_deliveries SET status = 'GIVEN_UP', ended_at = now()`);
    const input = { webhookId, since: '2020-01-01T00:00:00Z' };
    return { input, events: [`webhook.deliveries_replayed ${name} on metastore (after)`], onceMore: 'NOTHING' };
  },
  auditRetentionSet: () => ({
    input: { eventClass: 'REFUSALS', days: 30, reason: 'x' },
    events: ['audit_retention.changed REFUSALS (before, after, reason)'],
  }),
  legalHoldPlace: (w) => {
    const name = w.fresh('hold');
    return { input: { name, on: onProd, reason: 'x' }, events: [`legal_hold.placed ${name} (after, reason)`] };
  },
  legalHoldRelease: async (w) => {
    const name = w.fresh('hold');
    await w.done('legalHoldPlace', { name, on: onProd, reason: 'x' });
    return { input: { name, reason: 'x' }, events: [`legal_hold.released ${name} (before, reason)`] };
  },
};
