import type { Field, Names } from './graphql-fields.js';

const errors = 'errors { __typename code message }';
const webhook = (n: Names) => `webhookId: "${n.webhookId}"`;

/** The rows of webhooks. */
export const webhookMutations: Record<string, Field> = {
  webhookCreate: [
    'HIDDEN',
    (n) =>
      `webhookCreate(input: { securable: { kind: CATALOG, fullName: "${n.catalog}" }, name: "mine", url: "https://mine.example/", eventTypes: ["*"] }) { secret ${errors} }`,
  ],
  webhookDelete: ['HIDDEN', (n) => `webhookDelete(input: { ${webhook(n)} }) { ${errors} }`],
  webhookDeliveryReplay: [
    'HIDDEN',
    (n) => `webhookDeliveryReplay(input: { webhookDeliveryId: "${n.deliveryId}" }) { ${errors} }`,
  ],
  webhookFailedReplay: [
    'HIDDEN',
    (n) => `webhookFailedReplay(input: { ${webhook(n)}, since: "2020-01-01T00:00:00Z" }) { replayed ${errors} }`,
  ],
  webhookSecretRotate: ['HIDDEN', (n) => `webhookSecretRotate(input: { ${webhook(n)} }) { secret ${errors} }`],
  webhookTest: ['HIDDEN', (n) => `webhookTest(input: { ${webhook(n)} }) { ${errors} }`],
  webhookUpdate: [
    'HIDDEN',
    (n) => `webhookUpdate(input: { ${webhook(n)}, url: "https://mine.example/" }) { ${errors} }`,
  ],
};
