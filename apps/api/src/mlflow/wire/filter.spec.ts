import fc from 'fast-check';
import { parseFilter, parseOrderBy } from './filter.js';

describe('parseFilter', () => {
  it.each([
    ['', []],
    ['  \n ', []],
    ["name = 'a'", [{ entity: 'attribute', key: 'name', operator: '=', value: 'a' }]],
    ['metrics.acc >= 0.5', [{ entity: 'metric', key: 'acc', operator: '>=', value: 0.5 }]],
    ['metrics.loss<-1e-3', [{ entity: 'metric', key: 'loss', operator: '<', value: -0.001 }]],
    ['metric.`val acc` != .5', [{ entity: 'metric', key: 'val acc', operator: '!=', value: 0.5 }]],
    ['`metrics`.`a.b` = 1', [{ entity: 'metric', key: 'a.b', operator: '=', value: 1 }]],
    [`params."my param" = "it's"`, [{ entity: 'param', key: 'my param', operator: '=', value: "it's" }]],
    [
      `tags.mlflow.runName ilike '%a''b%'`,
      [{ entity: 'tag', key: 'mlflow.runName', operator: 'ILIKE', value: "%a'b%" }],
    ],
    ['tag.x IS  not   NULL', [{ entity: 'tag', key: 'x', operator: 'IS NOT NULL', value: null }]],
    ['param.x is null', [{ entity: 'param', key: 'x', operator: 'IS NULL', value: null }]],
    [`run.run_id IN ('a','b' , "c")`, [{ entity: 'attribute', key: 'run_id', operator: 'IN', value: ['a', 'b', 'c'] }]],
    [`attr.run_id not in ('a')`, [{ entity: 'attribute', key: 'run_id', operator: 'NOT IN', value: ['a'] }]],
    ["dataset.context = ''", [{ entity: 'dataset', key: 'context', operator: '=', value: '' }]],
    ['version_number>3', [{ entity: 'attribute', key: 'version_number', operator: '>', value: 3 }]],
  ])('reads %j', (text, expected) => {
    expect(parseFilter(text)).toEqual(expected);
  });

  it('joins comparisons by AND, in any case, and keeps AND inside a text', () => {
    expect(parseFilter("name = 'x AND y' and tags.`AND` = '1' AND android = 'z'").map(({ key }) => key)).toEqual([
      'name',
      'AND',
      'android',
    ]);
  });

  it.each([
    "name = 'a' OR name = 'b'",
    "(name = 'a')",
    'name = a',
    'name',
    'name =',
    "name = 'a",
    "name = 'a' AND",
    "AND name = 'a'",
    "name = 'a' name = 'b'",
    "name = 'a'; DROP TABLE runs",
    "name == 'a'",
    'metrics.a > 1.2.3',
    'metrics.a > 1x',
    'name IN ()',
    "name IN ('a'",
    "name IN 'a'",
    'name IS',
    'metrics. = 1',
    "`a = 'b'",
    "name = 'a' --",
  ])('refuses %j and quotes the place', (text) => {
    expect(() => parseFilter(text)).toThrow(/^Invalid clause\(s\) in filter string: .+\. Expected /);
  });

  it('refuses an entity that there is none of, a flood of comparisons, and an endless text', () => {
    expect(() => parseFilter("foo.bar = 'a'")).toThrow("Invalid entity type 'foo'");
    expect(() => parseFilter(Array(51).fill("name = 'a'").join(' AND '))).toThrow('51 comparisons, at most 50');
    expect(() => parseFilter(`name = '${'x'.repeat(20_000)}'`)).toThrow('longer than 20000');
  });

  it('reads back whatever text is written in quotes', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const [comparison] = parseFilter(`tags.k = '${value.replaceAll("'", "''")}'`);
        expect(comparison?.value).toBe(value);
      }),
    );
  });

  it('never fails in any other way than with its own refusal', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...`ab.'"\`()=<>!,-1 ANDINull`) }), (text) => {
        try {
          parseFilter(text);
        } catch (error) {
          expect(error).toMatchObject({ kind: 'INVALID_ARGUMENT' });
        }
      }),
    );
  });
});

describe('parseOrderBy', () => {
  it('reads keys and directions', () => {
    expect(parseOrderBy(['name', 'metrics.`val acc` desc', '`start_time` ASC', 'tags.mlflow.user DESC'])).toEqual([
      { entity: 'attribute', key: 'name', ascending: true },
      { entity: 'metric', key: 'val acc', ascending: false },
      { entity: 'attribute', key: 'start_time', ascending: true },
      { entity: 'tag', key: 'mlflow.user', ascending: false },
    ]);
  });

  it.each(['', 'name upward', 'name DESC NULLS LAST', 'name, version', 'name ASC DESC'])('refuses %j', (text) => {
    expect(() => parseOrderBy([text])).toThrow(`Invalid order_by clause '${text}'`);
  });

  it('refuses a key that is there twice', () => {
    expect(() => parseOrderBy(['name', 'attribute.name DESC'])).toThrow('contains duplicate fields');
  });
});
