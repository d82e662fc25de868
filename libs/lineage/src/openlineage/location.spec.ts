import sql from 'sql-template-tag';
import { createTestModule, type TestModule } from '../../../../test/support/module.js';

const named = (namespace: string, name: string) => JSON.stringify({ namespace, name });

/** Sources of one place, and how it is spelled; null: they say no place. */
const places: [location: string | null, sources: string[]][] = [
  [
    's3://lake/features/orders',
    [
      named('s3://lake', 'features/orders'),
      named('s3://lake/', '/features/orders'),
      '{"uri": "s3a://lake/features/orders/"}',
      '{"uri": "S3N://lake//features/orders"}',
      '{"path": "s3://lake/features/orders"}',
      's3://lake/features/orders',
    ],
  ],
  ['gs://lake/a', [named('gs://lake', 'a'), '{"uri": "gcs://lake/a"}']],
  [
    'postgres://db:5432/shop.public.orders',
    [named('postgres://db:5432', 'shop.public.orders'), 'postgresql://db:5432/shop.public.orders'],
  ],
  ['bigquery://project.set.table', [named('bigquery', 'project.set.table'), 'bigquery://project.set.table']],
  [
    'file:///data/orders.csv',
    [
      named('file', '/data/orders.csv'),
      '/data/orders.csv',
      'file:/data/orders.csv',
      '{"uri": "file:///data/orders.csv"}',
    ],
  ],
  ['file://nas/data', [named('file://nas', '/data'), '{"uri": "file://nas/data"}']],
  ['https://example.com/a.csv?v=1', ['{"url": "https://example.com/a.csv?v=1"}']],
  ['food delivery://public.orders', [named('food delivery', 'public.orders')]],
  [
    null,
    [
      '{}',
      '[]',
      '"s3://lake/a"',
      '{"uri": 5}',
      '{"uri": null}',
      '{"uri": "orders.csv"}',
      '{"a": "\\u0000"}',
      'orders.csv',
      'C:\\data',
      's3://',
      named('inmemory://', 'x'),
      `s3://lake/${'x'.repeat(2000)}`,
    ],
  ],
];

describe('the location of a dataset', () => {
  let t: TestModule;
  beforeAll(async () => {
    t = await createTestModule([]);
  });
  afterAll(() => t.close());

  it.each(places)('is %s', async (location, sources) => {
    for (const source of sources) {
      const [row] = await t.db.query<{ location: string | null }>(sql`
        INSERT INTO datasets (id, experiment_id, name, digest, source_type, source)
        VALUES (gen_random_uuid(), 0, ${source.slice(0, 100)}, 'd', 'x', ${source}) RETURNING location`);
      expect([source, row?.location]).toEqual([source, location]);
    }
  });
});
