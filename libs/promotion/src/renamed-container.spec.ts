import { Catalogs, NamespaceModule, Schemas } from '@app/namespace';
import { NotFound } from '@app/platform';
import { Policies, ProtectedTarget } from '@app/policy';
import { RegisteredModels, Targets } from '@app/registry';
import sql from 'sql-template-tag';
import { createPromotionTest, type PromotionTest } from '../../../test/support/promotion.js';
import { PromotionRequestReader } from './promotion-request.reader.js';

/** What goes on in a catalog or a schema while it gets another name. */
describe('In a renamed container', () => {
  let t: PromotionTest;
  beforeEach(async () => {
    t = await createPromotionTest({}, [NamespaceModule]);
    await t.make.grant(t.owner, { id: '00000000-0000-7000-8000-000000000010' }, 'CREATE_CATALOG');
    await t.make.grant(t.owner, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'CREATE_SCHEMA');
  });
  afterEach(() => t.close());

  const asOwner = <T>(work: () => Promise<T>) => t.as(t.owner, work);
  const renameBoth = async () => {
    await asOwner(() => t.module.get(Schemas).rename('prod.fraud', 'risk'));
    await asOwner(() => t.module.get(Catalogs).rename('prod', 'live'));
  };

  it('an open request is decided on and applied, on the evidence that it was opened with', async () => {
    const model = await t.model('prod.fraud.scorer');
    await t.policy(t.catalog);
    const opened = await t.runGates(await t.request(await t.trained(model)));
    await t.decide(t.leads[0], opened);
    await renameBoth();
    expect((await t.again(opened)).evidenceDigest).toBe(opened.evidenceDigest);
    await t.decide(t.leads[1], opened);
    expect(await t.again(opened)).toMatchObject({ state: 'APPLIED', modelFullName: 'prod.fraud.scorer' });
    expect(await t.holderOf(model)).toBe(1);

    const requestsOf = (modelFullName: string) =>
      t.as(t.scientist, () => t.module.get(PromotionRequestReader).list({ modelFullName }, { first: 9 }));
    expect((await requestsOf('live.risk.scorer')).edges.map(({ node }) => node.id)).toEqual([opened.id]);
    expect((await requestsOf('prod.fraud.scorer')).edges).toEqual([]);
  });

  it('a policy protects what it protected', async () => {
    const model = await t.model('prod.fraud.scorer');
    await t.trained(model);
    await t.policy(t.catalog);
    await renameBoth();
    const seen = await asOwner(() => t.module.get(RegisteredModels).get('live.risk.scorer'));
    expect(await t.module.get(Policies).protecting(seen, { kind: 'ALIAS', name: 'champion' })).toMatchObject([
      { name: 'prod' },
    ]);
    const move = asOwner(() => t.module.get(Targets).setAlias('live.risk.scorer', 'champion', 1));
    await expect(move).rejects.toThrow(ProtectedTarget);
    await expect(asOwner(() => t.module.get(RegisteredModels).get('prod.fraud.scorer'))).rejects.toThrow(NotFound);
  });

  it('models that are made, renamed and moved meanwhile end with the full name of where they are', async () => {
    await t.make.schema('prod.credit', t.owner);
    await t.make.schema('other.place', t.owner);
    const models = t.module.get(RegisteredModels);
    for (let round = 0; round < 10; round++) {
      const [from, to] = round % 2 === 0 ? ['prod', 'live'] : ['live', 'prod'];
      await t.model(`${from}.fraud.m${round}`);
      await Promise.allSettled([
        asOwner(() => models.create({ fullName: `${from}.fraud.a${round}` })),
        asOwner(() => models.create({ fullName: `${from}.credit.b${round}` })),
        asOwner(() => t.module.get(Catalogs).rename(from as string, to as string)),
        asOwner(() => models.rename(`${from}.fraud.m${round}`, 'other.place.m')),
        asOwner(() => models.create({ fullName: `${to}.fraud.c${round}` })),
        asOwner(() => t.module.get(Schemas).create({ catalog: from as string, name: `s${round}` })),
      ]);
      const wrong = await t.db.query(sql`
        SELECT s.full_name FROM securables s JOIN securables p ON p.id = s.parent_id
        WHERE p.kind <> 'METASTORE' AND s.full_name <> p.full_name || '.' || s.name`);
      expect(wrong).toEqual([]);
      const catalog = await asOwner(() => t.module.get(Catalogs).get(to as string));
      expect(catalog.id).toBe(t.catalog.id);
    }
  });
});
