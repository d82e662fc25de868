import { randomBytes } from 'node:crypto';
import { builtInPrincipals, METASTORE_ID, type Securable } from '@app/access';
import { GateRuns, GatesModule } from '@app/gates';
import { Policies, type Policy } from '@app/policy';
import {
  Decisions,
  PromotionModule,
  PromotionProgress,
  type PromotionRequest,
  PromotionRequestReader,
  PromotionRequests,
  type Verdict,
} from '@app/promotion';
import { Registrations, type VersionView } from '@app/registry';
import type { Type } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { TestPrincipal } from './factories.js';
import { createRegistryTest, type RegistryTest } from './registry.js';

export const worker = { id: builtInPrincipals.gates, name: 'imprimatur-gates', kind: 'SERVICE_PRINCIPAL' };
export const champion = { kind: 'ALIAS', name: 'champion' } as const;

/** The people and the policy of the main story: a scientist asks, two of three leads approve. */
export interface PromotionTest extends RegistryTest {
  scientist: TestPrincipal;
  leads: [TestPrincipal, TestPrincipal, TestPrincipal];
  leadGroup: TestPrincipal;
  governor: TestPrincipal;
  /** The approval rule of the main story. */
  twoLeads: { name: string; count: number; principalIds: string[] };
  /** Hangs a policy on a securable: alias champion is protected, unless the rules say otherwise. */
  policy(on: Securable, rules?: Record<string, unknown>, name?: string): Promise<Policy>;
  /** A version registered by the scientist, of a run with these metrics. */
  trained(
    model: Securable,
    metrics?: Record<string, number>,
    files?: Record<string, string | Buffer>,
  ): Promise<VersionView>;
  request(version: VersionView, target?: { kind: 'STAGE' | 'ALIAS'; name: string }): Promise<PromotionRequest>;
  /** Runs the queued gates of a request here and now, as the worker would. */
  runGates(request: PromotionRequest): Promise<PromotionRequest>;
  decide(who: TestPrincipal, request: PromotionRequest, verdict?: Verdict, comment?: string): Promise<PromotionRequest>;
  /** The request as it is now, asked as the scientist. */
  again(request: PromotionRequest): Promise<PromotionRequest>;
  holderOf(model: Securable, alias?: string): Promise<number | undefined>;
}

const usage = ['USE_CATALOG', 'USE_SCHEMA', 'EXECUTE'] as const;

export async function createPromotionTest(
  settings: Record<string, string> = {},
  imports: Type[] = [],
): Promise<PromotionTest> {
  const t = await createRegistryTest(settings, [GatesModule, PromotionModule, ...imports]);
  const { make, catalog } = t;
  const [scientist, governor] = [await make.user('scientist'), await make.user('governor')];
  const leads: PromotionTest['leads'] = [await make.user(), await make.user(), await make.user()];
  const leadGroup = await make.group(leads);
  await make.grant(scientist, catalog, ...usage, 'CREATE_MODEL_VERSION', 'REQUEST_PROMOTION');
  await make.grant(leadGroup, catalog, ...usage, 'APPROVE_PROMOTION');
  await make.grant(governor, catalog, 'USE_CATALOG', 'USE_SCHEMA', 'MANAGE_POLICY');
  await make.grant(governor, { id: METASTORE_ID }, 'MANAGE_POLICY');
  const twoLeads = { name: 'two leads', count: 2, principalIds: [leadGroup.id] };
  const again = (request: PromotionRequest) =>
    t.as(scientist, () => t.module.get(PromotionRequestReader).byNumber(request.number));

  return {
    ...t,
    scientist,
    leads,
    leadGroup,
    governor,
    twoLeads,
    again,
    policy: ({ kind, fullName }, rules = {}, name = 'prod') =>
      t.as(governor, () =>
        t.module.get(Policies).create({
          on: { kind, fullName } as Parameters<Policies['create']>[0]['on'],
          name,
          rules: { protects: { aliases: ['champion'] }, approvals: [twoLeads], ...rules },
        }),
      ),
    trained: async (model, metrics = {}, files) => {
      const runId = randomBytes(16).toString('hex');
      await t.db.execute(sql`INSERT INTO runs (id, experiment_id, name, user_id, principal_id, start_time, artifact_uri)
        VALUES (${runId}, 0, 'run', 'scientist', ${scientist.id}::uuid, 1, ${`mlflow-artifacts:/0/${runId}/artifacts`})`);
      await t.db.execute(sql`INSERT INTO latest_metrics (run_id, experiment_id, key, value, is_nan, timestamp, step, dataset_name)
        SELECT ${runId}, 0, key, CASE WHEN isnan THEN 0 ELSE value END, isnan, 1, 0, 'holdout'
        FROM unnest(${Object.keys(metrics)}::text[], ${Object.values(metrics).map(String)}::float8[]) AS m(key, value),
          LATERAL (SELECT m.value = 'NaN'::float8 AS isnan) AS n`);
      const storagePath = t.folder(`0/${runId}/artifacts/model`, files);
      const source = `mlflow-artifacts:/${storagePath}`;
      return t.as(scientist, () =>
        t.module
          .get(Registrations)
          .register({ model: model.fullName, source, storagePath, runId, runPrincipalId: scientist.id }),
      );
    },
    request: (version, target = champion) =>
      t.as(scientist, () =>
        t.module.get(PromotionRequests).create({
          model: version.modelFullName,
          version: version.number,
          target,
          justification: 'it is better',
        }),
      ),
    runGates: async (request) => {
      await t.as(worker, async () => {
        const runs = await t.module.get(GateRuns).ofRequests([request.id]);
        for (const run of runs) await t.module.get(GateRuns).run(run.id);
        await t.module.get(PromotionProgress).evaluate(request.id);
      });
      return again(request);
    },
    decide: async (who, request, verdict = 'APPROVE', comment) => {
      const { evidenceDigest } = await again(request);
      const decided = await t.as(who, () =>
        t.module
          .get(Decisions)
          .decide({ number: request.number, verdict, comment, evidenceDigest: evidenceDigest ?? 'sha256:none' }),
      );
      return decided.request;
    },
    holderOf: async (model, alias = 'champion') => {
      const row = await t.db.first<{ number: number }>(sql`
        SELECT v.number FROM model_aliases a JOIN model_versions v ON v.id = a.version_id
        WHERE a.model_id = ${model.id}::uuid AND a.alias = ${alias}`);
      return row?.number;
    },
  };
}
