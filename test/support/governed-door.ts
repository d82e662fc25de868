import fs from 'node:fs';
import path from 'node:path';
import { GateRuns } from '@app/gates';
import { actAs } from '@app/platform';
import { Policies } from '@app/policy';
import { PromotionProgress } from '@app/promotion';
import { Registrations } from '@app/registry';
import sql from 'sql-template-tag';
import { type Answer, createTestApp, type TestApp } from './app.js';
import type { TestPrincipal } from './factories.js';
import { worker } from './promotion.js';

/** `prod.fraud` below a policy, behind the MLflow door: who asks for promotions, who decides on them, and who may neither. */
export interface GovernedDoor {
  t: TestApp;
  /** Registers and asks; moves what no policy protects. */
  scientist: TestPrincipal;
  /** Approves. */
  lead: TestPrincipal;
  /** Reads models. */
  reader: TestPrincipal;
  stranger: TestPrincipal;
  /** Calls below /api/2.0/mlflow; what a GET and a DELETE of the workspace registry ask stands in their query. */
  call(method: string, path: string, params: Record<string, unknown>, who?: TestPrincipal): Promise<Answer>;
  /** A model with versions whose files are in the store. */
  model(name: string, versions?: number): Promise<string>;
  /** Runs the queued gates of every request, as the worker would. */
  runGates(): Promise<void>;
  stageOf(model: string, version?: number): Promise<string | undefined>;
  close(): Promise<void>;
}

const usage = ['USE_CATALOG', 'USE_SCHEMA', 'EXECUTE'] as const;

/** @param rules what the policy on the catalog says beside protecting Production and champion, and asking the lead */
export async function createGovernedDoor(
  settings: Record<string, string> = {},
  rules: Record<string, unknown> = {},
): Promise<GovernedDoor> {
  const t = await createTestApp(settings);
  const [scientist, lead] = [await t.make.user('scientist'), await t.make.user('lead')];
  const [reader, stranger] = [await t.make.user('reader'), await t.make.user('stranger')];
  const catalog = { id: (await t.make.schema('prod.fraud', await t.make.user())).catalogId as string };
  const makes = ['CREATE_MODEL', 'CREATE_MODEL_VERSION', 'SET_ALIAS', 'REQUEST_PROMOTION'] as const;
  await t.make.grant(scientist, catalog, ...usage, ...makes);
  await t.make.grant(lead, catalog, ...usage, 'APPROVE_PROMOTION', 'MANAGE_POLICY');
  await t.make.grant(reader, catalog, ...usage);
  await actAs(lead, () =>
    t.app.get(Policies, { strict: false }).create({
      on: { kind: 'CATALOG', fullName: 'prod' },
      name: 'production',
      rules: {
        protects: { stages: ['Production'], aliases: ['champion'] },
        approvals: [{ name: 'lead', count: 1, principalIds: [lead.id] }],
        ...rules,
      },
    }),
  );
  let made = 0;

  const call: GovernedDoor['call'] = (method, route, params, who = scientist) => {
    const inQuery = method === 'GET' || method === 'DELETE';
    const query = new URLSearchParams(
      Object.entries(params).map(([key, value]): [string, string] => [key, String(value)]),
    );
    return t.call(method, `/api/2.0/mlflow/${route}${inQuery ? `?${query}` : ''}`, {
      token: who.token,
      ...(!inQuery && { body: params }),
    });
  };

  return {
    t,
    scientist,
    lead,
    reader,
    stranger,
    call,
    model: async (name, versions = 1) => {
      await call('POST', 'registered-models/create', { name });
      for (let number = 1; number <= versions; number += 1) {
        const storagePath = `0/models/m-${++made}/artifacts`;
        const folder = path.join(t.env.DATA_DIR as string, 'artifacts', storagePath);
        fs.mkdirSync(folder, { recursive: true });
        fs.writeFileSync(path.join(folder, 'MLmodel'), `flavors: {}\nmade: ${made}\n`);
        const version = { model: name, source: `mlflow-artifacts:/${storagePath}`, storagePath };
        await actAs(scientist, () => t.app.get(Registrations, { strict: false }).register(version));
      }
      return name;
    },
    runGates: async () => {
      const requests = await t.db.query<{ id: string }>(sql`SELECT id FROM promotion_requests WHERE closed_at IS NULL`);
      await actAs(worker, async () => {
        for (const { id } of requests) {
          const gates = t.app.get(GateRuns, { strict: false });
          for (const run of await gates.ofRequests([id])) if (run.status === 'QUEUED') await gates.run(run.id);
          await t.app.get(PromotionProgress, { strict: false }).evaluate(id);
        }
      });
    },
    stageOf: async (model, version = 1) => {
      const row = await t.db.first<{ stage: string }>(sql`
        SELECT v.stage FROM model_versions v JOIN securables s ON s.id = v.model_id
        WHERE s.full_name = ${model} AND v.number = ${version}::int4`);
      return row?.stage;
    },
    close: () => t.close(),
  };
}
