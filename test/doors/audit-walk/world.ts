import { actAs } from '@app/platform';
import { WebhookDispatcher } from '@app/webhook';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import sql from 'sql-template-tag';
import type { Answer } from '../../support/app.js';
import type { TestPrincipal } from '../../support/factories.js';
import { createGovernedDoor, type GovernedDoor } from '../../support/governed-door.js';
import { eventually } from '../../support/processes.js';
import { worker } from '../../support/promotion.js';
import { TestValidator } from '../../support/validator.js';
import { startReceiver, type WebhookReceiver } from '../../support/webhook-receiver.js';

// biome-ignore lint/suspicious/noExplicitAny: an answer of any shape
type Payload = any;

/** The catalog `prod` below a policy, with everybody who has a part in a promotion, and makers of what calls are about. */
export interface WalkWorld extends GovernedDoor {
  /** An administrator of the metastore, with every privilege on the catalog: also whoever opens the requests. */
  owner: TestPrincipal;
  validator: TestValidator;
  receiver: WebhookReceiver;
  /** A name that nothing has yet. */
  fresh(noun: string): string;
  /** One mutation as anybody, under a request id. */
  mutate(name: string, input: object, who: TestPrincipal, requestId?: string, fields?: string): Promise<Answer>;
  /** The same by the owner, of which is expected that it succeeds. @returns the payload */
  done(name: string, input: object, fields?: string, who?: TestPrincipal): Promise<Payload>;
  /** A POST of MLflow by the owner that succeeds. @returns its answer */
  mlflow(path: string, body: object): Promise<Payload>;
  /** A model of `prod.fraud` with versions that have files. */
  made(versions?: number): Promise<string>;
  /** An experiment that the reader may read. @returns its number */
  experiment(): Promise<string>;
  run(): Promise<{ experimentId: string; runId: string }>;
  /** Sends what a webhook has to send once there is something, as the worker would. */
  deliver(webhookId: string): void;
  /** A service principal that may report gates. */
  reporter(): Promise<TestPrincipal>;
}

/** An issuer that nobody signs in with here. */
export const issuer = 'https://issuer.example';
const issuers = JSON.stringify([{ issuer, audience: 'imprimatur' }]);

const governance = ['MANAGE_POLICY', 'BREAK_GLASS', 'WAIVE_GATE', 'READ_AUDIT'] as const;

export async function createWalkWorld(settings: Record<string, string> = {}): Promise<WalkWorld> {
  const d = await createGovernedDoor({ OUTBOUND_ALLOW: '127.0.0.0/8', OIDC_ISSUERS: issuers, ...settings });
  const { t, scientist: owner } = d;
  const catalog = await t.db.first<{ id: string }>(sql`SELECT id FROM securables WHERE full_name = 'prod'`);
  const prod = { id: catalog?.id as string };
  await t.make.member('00000000-0000-7000-8000-000000000002', owner.id);
  await t.make.grant(owner, prod, 'ALL_PRIVILEGES', 'MANAGE', ...governance);
  await t.make.grant(d.lead, prod, 'WAIVE_GATE');
  await t.make.schema('main.default', owner);
  const [validator, receiver] = [await TestValidator.start(), await startReceiver()];
  validator.answer = () => ({ status: 202 });
  const mutations = t.app.get(GraphQLSchemaHost).schema.getMutationType()?.getFields() ?? {};
  let made = 0;
  const deliveries: Promise<unknown>[] = [];

  const world: WalkWorld = {
    ...d,
    owner,
    validator,
    receiver,
    fresh: (noun) => `${noun}-${++made}`,
    mutate: (name, input, { token }, requestId, fields = '') => {
      const query = `mutation($input: ${mutations[name]?.args[0]?.type}) {
        answer: ${name}(input: $input) { ${fields} errors { __typename code message } } }`;
      const headers = { ...(requestId && { 'x-request-id': requestId }) };
      return t.call('POST', '/graphql', { token, headers, body: { query, variables: { input } } });
    },
    done: async (name, input, fields, who = owner) => {
      const { body } = await world.mutate(name, input, who, undefined, fields);
      if (body.errors || body.data.answer.errors.length > 0) throw new Error(`${name}: ${JSON.stringify(body)}`);
      return body.data.answer;
    },
    mlflow: async (path, body) => {
      const answer = await t.call('POST', `/api/2.0/mlflow/${path}`, { token: owner.token, body });
      if (answer.status !== 200) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    made: (versions = 0) => d.model(`prod.fraud.${world.fresh('model')}`, versions),
    experiment: async () => {
      const { experiment_id } = await world.mlflow('experiments/create', { name: world.fresh('experiment') });
      const row = await t.db.first<{ id: string }>(
        sql`SELECT securable_id AS id FROM experiments WHERE id = ${Number(experiment_id)}::int8`,
      );
      await t.make.grant(d.reader, { id: row?.id as string }, 'READ');
      return experiment_id;
    },
    run: async () => {
      const experimentId = await world.experiment();
      const { run } = await world.mlflow('runs/create', { experiment_id: experimentId });
      return { experimentId, runId: run.info.run_id };
    },
    deliver: (webhookId) => {
      const pending = sql`SELECT 1 FROM webhook_deliveries WHERE webhook_id = ${webhookId}::uuid`;
      deliveries.push(
        eventually(
          () => t.db.query(pending),
          ({ length }) => length > 0,
        ).then(() => actAs(worker, () => t.app.get(WebhookDispatcher, { strict: false }).run(webhookId))),
      );
    },
    reporter: async () => {
      const service = await t.make.principal('SERVICE_PRINCIPAL');
      await t.make.grant(service, prod, 'USE_CATALOG', 'USE_SCHEMA', 'REPORT_GATE');
      return service;
    },
    close: async () => {
      await Promise.all(deliveries);
      await d.close();
      await validator.close();
      await receiver.close();
    },
  };
  return world;
}

export const metastore = { kind: 'METASTORE', fullName: 'metastore' } as const;
