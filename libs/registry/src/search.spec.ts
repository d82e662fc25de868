import type { TestPrincipal } from '../../../test/support/factories.js';
import { createRegistryTest, type RegistryTest } from '../../../test/support/registry.js';
import type { ModelVersionSearch } from './model-version.reader.js';
import { ModelVersions } from './model-version.service.js';
import type { RegisteredModelSearch } from './registered-model.reader.js';
import { RegisteredModels } from './registered-model.service.js';
import { Tags } from './tag.service.js';

describe('search', () => {
  let t: RegistryTest;
  let reader: TestPrincipal;

  beforeAll(async () => {
    t = await createRegistryTest({ DEFAULT_SCHEMA: 'main.default' });
    reader = await t.make.user();
    await t.make.grant(reader, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    await t.make.schema('main.default', t.owner);
    for (const name of ['prod.fraud.scorer', 'prod.fraud.Ranker', 'main.default.scorer', 'main.default.other_1']) {
      await t.model(name);
      await t.version(name);
    }
    await t.version('prod.fraud.scorer');
    const tags = t.module.get(Tags);
    await t.as(t.owner, async () => {
      await tags.setOnModel('prod.fraud.scorer', { key: 'team', value: 'Fraud' });
      await tags.setOnModel('main.default.scorer', { key: 'team', value: 'core' });
      await tags.setOnVersion('prod.fraud.scorer', 2, { key: 'team', value: 'Fraud' });
    });
  });
  afterAll(() => t.close());

  const models = async (conditions: RegisteredModelSearch['conditions'], who = t.owner) => {
    const search = { conditions, order: [{ field: 'NAME', direction: 'ASC' } as const], pageSize: 100 };
    const page = await t.as(who, () => t.module.get(RegisteredModels).search(search));
    return page.edges.map(({ node }) => node.fullName);
  };
  const versions = async (conditions: ModelVersionSearch['conditions'], who = t.owner) => {
    const order: ModelVersionSearch['order'] = [
      { field: 'NAME', direction: 'ASC' },
      { field: 'NUMBER', direction: 'DESC' },
    ];
    const page = await t.as(who, () => t.module.get(ModelVersions).search({ conditions, order, pageSize: 100 }));
    return page.edges.map(({ node }) => `${node.modelFullName}/${node.number}`);
  };
  const all = ['main.default.other_1', 'main.default.scorer', 'prod.fraud.Ranker', 'prod.fraud.scorer'] as const;

  it.each<[string, RegisteredModelSearch['conditions'], string[]]>([
    ['nothing', [], [...all]],
    ['a flat name', [{ field: 'NAME', operator: '=', value: 'scorer' }], ['main.default.scorer']],
    [
      'a full name in another case',
      [{ field: 'NAME', operator: '=', value: 'PROD.fraud.ranker' }],
      ['prod.fraud.Ranker'],
    ],
    ['another than a name', [{ field: 'NAME', operator: '!=', value: 'scorer' }], all.filter((n) => n !== all[1])],
    ['a list of names', [{ field: 'NAME', operator: 'IN', value: ['scorer', 'prod.fraud.scorer'] }], [all[1], all[3]]],
    ['none of a list', [{ field: 'NAME', operator: 'NOT IN', value: ['scorer'] }], [all[0], all[2], all[3]]],
    ['the beginning of a flat name', [{ field: 'NAME', operator: 'LIKE', value: 'sc%' }], ['main.default.scorer']],
    ['a part of any name', [{ field: 'NAME', operator: 'LIKE', value: '%scorer' }], [all[1], all[3]]],
    ['a part of a full name', [{ field: 'NAME', operator: 'LIKE', value: 'prod.fraud.%' }], [all[2], all[3]]],
    ['a part in its case only', [{ field: 'NAME', operator: 'LIKE', value: '%ranker' }], []],
    ['a part in any case', [{ field: 'NAME', operator: 'ILIKE', value: '%ranker' }], ['prod.fraud.Ranker']],
    ['a backslash as it is', [{ field: 'NAME', operator: 'LIKE', value: 'x\\' }], []],
    ['a tag', [{ field: { tag: 'team' }, operator: '=', value: 'Fraud' }], ['prod.fraud.scorer']],
    ['a tag in any case', [{ field: { tag: 'team' }, operator: 'ILIKE', value: 'fr%' }], ['prod.fraud.scorer']],
    ['another value of a tag', [{ field: { tag: 'team' }, operator: '!=', value: 'Fraud' }], ['main.default.scorer']],
    [
      'no such tag',
      [{ field: { tag: 'team' }, operator: '=', value: 'Fraud', negated: true }],
      all.filter((name) => name !== 'prod.fraud.scorer'),
    ],
    [
      'two clauses',
      [
        { field: 'NAME', operator: 'LIKE', value: '%scorer' },
        { field: { tag: 'team' }, operator: '=', value: 'core' },
      ],
      ['main.default.scorer'],
    ],
  ])('finds models by %s', async (_what, conditions, expected) => {
    expect(await models(conditions)).toEqual(expected);
  });

  it('finds only what the caller has EXECUTE on, and fills its pages with it', async () => {
    expect(await models([], reader)).toEqual(['prod.fraud.Ranker', 'prod.fraud.scorer']);
    const order: RegisteredModelSearch['order'] = [{ field: 'NAME', direction: 'ASC' }];
    await t.as(reader, async () => {
      const first = await t.module.get(RegisteredModels).search({ conditions: [], order, pageSize: 1 });
      expect(first.edges.map(({ node }) => node.name)).toEqual(['Ranker']);
      const pageToken = first.edges[0]?.cursor as string;
      const second = await t.module.get(RegisteredModels).search({ conditions: [], order, pageSize: 1, pageToken });
      expect(second).toMatchObject({
        hasNextPage: false,
        edges: [{ node: { name: 'scorer', latestVersions: [{ number: 2 }] } }],
      });
      const other: RegisteredModelSearch['order'] = [{ field: 'UPDATED_AT', direction: 'ASC' }];
      await expect(
        t.module.get(RegisteredModels).search({ conditions: [], order: other, pageSize: 1, pageToken }),
      ).rejects.toMatchObject({ kind: 'INVALID_ARGUMENT' });
    });
    expect(await versions([], reader)).toEqual(['prod.fraud.Ranker/1', 'prod.fraud.scorer/2', 'prod.fraud.scorer/1']);
    expect(await models([], await t.make.user())).toEqual([]);
  });

  it.each<[string, ModelVersionSearch['conditions'], string[]]>([
    [
      'name',
      [{ field: 'NAME', operator: '=', value: 'prod.fraud.scorer' }],
      ['prod.fraud.scorer/2', 'prod.fraud.scorer/1'],
    ],
    ['number', [{ field: 'NUMBER', operator: '>=', value: 2 }], ['prod.fraud.scorer/2']],
    ['tag', [{ field: { tag: 'team' }, operator: '=', value: 'Fraud' }], ['prod.fraud.scorer/2']],
    ['run', [{ field: 'RUN_ID', operator: 'IN', value: ['r1'] }], []],
    ['source', [{ field: 'SOURCE', operator: 'LIKE', value: 's3:%' }], []],
  ])('finds versions by %s', async (_what, conditions, expected) => {
    expect(await versions(conditions)).toEqual(expected);
  });
});
