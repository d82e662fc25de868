import { readFileSync } from 'node:fs';
import type { Securable } from '@app/access';
import { type Completeness, type Dossier, DossierModule, Dossiers, type WrittenDossier } from '@app/dossier';
import { Discussions, type PromotionRequest } from '@app/promotion';
import type { VersionView } from '@app/registry';
import { Sealer } from '@app/transparency';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { TestPrincipal } from './factories.js';
import { createPromotionTest, type PromotionTest } from './promotion.js';
import { mlmodelText } from './registry.js';

const auc = { key: 'auc', type: 'METRIC_THRESHOLD', config: { metric: 'auc', min: 0.8 } };
const card = '# Scorer\n## Intended use\nFinds fraud.\n## Limitations\nCards only.\n';
const files = { MLmodel: mlmodelText, 'README.md': card, 'requirements.txt': 'numpy==1.0' };

const ajv = new Ajv2020({ allowUnionTypes: true });
(addFormats as unknown as typeof addFormats.default)(ajv);
const validate = ajv.compile(JSON.parse(readFileSync('docs/dossier.schema.json', 'utf8')));

/** A model whose second version was promoted in the place of the first, and who may look at that. */
export interface DossierTest extends PromotionTest {
  scorer: Securable;
  /** Reads models and the audit trail of the catalog; not the experiment of the runs. */
  auditor: TestPrincipal;
  first: VersionView;
  /** Of the second version. */
  applied: PromotionRequest;
  written(who: TestPrincipal, request: { number: number }): Promise<WrittenDossier>;
  /** The document, which is as docs/dossier.schema.json says. */
  of(who: TestPrincipal, request: { number: number }): Promise<Dossier>;
  stateOf(dossier: Dossier, item: string): Completeness['items'][number]['state'] | undefined;
  /** Seals all events, as the worker would. */
  seal(): Promise<void>;
}

export async function createDossierTest(): Promise<DossierTest> {
  const t = await createPromotionTest({}, [DossierModule]);
  const scorer = await t.model();
  await t.policy(t.catalog, { gates: [auc] });
  const auditor = await t.make.user('auditor');
  await t.make.grant(auditor, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'READ_AUDIT');
  const seal = async () => {
    while ((await t.module.get(Sealer).seal()).sealed > 0);
  };
  const written: DossierTest['written'] = (who, { number }) =>
    t.as(who, () => t.module.get(Dossiers).ofRequest(number));

  const first = await t.trained(scorer, { auc: 0.9 }, files);
  const earlier = await t.runGates(await t.request(first));
  for (const lead of t.leads.slice(0, 2)) await t.decide(lead, earlier);
  const second = await t.trained(scorer, { auc: 0.95, 'f\u00fc "1"': Number.NaN }, files);
  const request = await t.runGates(await t.request(second));
  const question = { number: request.number, text: 'why?', blocking: false };
  await t.as(t.leads[0], () => t.module.get(Discussions).open(question));
  await t.decide(t.leads[0], request, 'APPROVE', 'measured on the holdout');
  const applied = await t.decide(t.leads[1], request, 'APPROVE');
  await seal();

  return {
    ...t,
    scorer,
    auditor,
    first,
    applied,
    seal,
    written,
    of: async (who, asked) => {
      const dossier = JSON.parse((await written(who, asked)).json);
      expect(validate(dossier) || validate.errors).toBe(true);
      return dossier;
    },
    stateOf: ({ completeness }, item) => completeness.items.find((each) => each.item === item)?.state,
  };
}
