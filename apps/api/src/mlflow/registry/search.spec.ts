import { modelSearchOf, nameForm, versionSearchOf } from './search.js';

const params = { order_by: [] as string[], max_results: 10 };
const models = (filter: string, order_by: string[] = []) => modelSearchOf({ ...params, filter, order_by });
const versions = (filter: string, order_by: string[] = []) => versionSearchOf({ ...params, filter, order_by });
const noPrompts = { field: { tag: 'mlflow.prompt.is_prompt' }, operator: 'ILIKE', value: 'true', negated: true };

describe('searches of the registry', () => {
  it('translates attributes and tags', () => {
    expect(models(`name LIKE 'a%' AND tags.\`team x\` != 'b'`).conditions).toEqual([
      { field: 'NAME', operator: 'LIKE', value: 'a%' },
      { field: { tag: 'team x' }, operator: '!=', value: 'b' },
      noPrompts,
    ]);
    expect(versions(`run_id IN ('r1', 'r2') AND version_number > 3 AND source_path = 's'`).conditions).toEqual([
      { field: 'RUN_ID', operator: 'IN', value: ['r1', 'r2'] },
      { field: 'NUMBER', operator: '>', value: 3 },
      { field: 'SOURCE', operator: '=', value: 's' },
      noPrompts,
    ]);
    expect(versions(`version_number = '3'`).conditions[0]).toMatchObject({ value: 3 });
  });

  it.each(["tags.`mlflow.prompt.is_prompt` = 'true'", "tag.`mlflow.prompt.is_prompt` != 'False'"])(
    'finds prompts with %s',
    (filter) => {
      expect(models(filter).conditions).toHaveLength(1);
      expect(models(filter).conditions).not.toContainEqual(noPrompts);
    },
  );

  it.each(["tags.`mlflow.prompt.is_prompt` = 'false'", "tag.`mlflow.prompt.is_prompt` != 'true'", ''])(
    'leaves prompts out with "%s"',
    (filter) => {
      expect(models(filter).conditions).toEqual([noPrompts]);
    },
  );

  it.each<[string, () => unknown, RegExp]>([
    [
      'another attribute',
      () => models("run_id = 'a'"),
      /Invalid attribute key 'run_id' specified. Valid keys are 'name'/,
    ],
    ['an attribute of every object', () => models("constructor = 'a'"), /Invalid attribute key 'constructor'/],
    ['a metric', () => models('metrics.a > 1'), /Invalid entity type 'metric'/],
    ['an order of names', () => models("name > 'a'"), /Invalid comparator for attribute name: >/],
    ['a tag that is there', () => models('tags.a IS NULL'), /Invalid comparator for tag a: IS NULL/],
    ['a tag in a list', () => models("tags.a IN ('b')"), /Invalid comparator for tag a: IN/],
    ['a number for a name', () => models('name = 3'), /Expected a quoted string value for 'name'/],
    ['a number in a list', () => versions('run_id IN (3)'), /Expected a quoted string value for 'run_id'/],
    ['a text for a number', () => versions("version_number = 'x'"), /Invalid value for numeric attribute/],
    ['a fraction for a number', () => versions('version_number = 1.5'), /Invalid value for numeric attribute/],
    ['a list of numbers', () => versions('version_number IN (1)'), /Invalid comparator/],
    ['an order by something else', () => models('', ['tags.a']), /Invalid order by key 'a'/],
    ['one order twice', () => models('', ['timestamp', 'last_updated_timestamp DESC']), /duplicate fields/],
  ])('refuses %s', (_what, search, message) => {
    expect(search).toThrow(message);
  });

  it('orders as asked, and by name and number behind', () => {
    expect(models('', ['timestamp DESC']).order).toEqual([
      { field: 'UPDATED_AT', direction: 'DESC' },
      { field: 'NAME', direction: 'ASC' },
    ]);
    expect(models('', ['name DESC']).order).toEqual([{ field: 'NAME', direction: 'DESC' }]);
    expect(versions('').order).toEqual([
      { field: 'UPDATED_AT', direction: 'DESC' },
      { field: 'NAME', direction: 'ASC' },
      { field: 'NUMBER', direction: 'DESC' },
    ]);
    expect(versions('', ['version_number']).order).toEqual([
      { field: 'NUMBER', direction: 'ASC' },
      { field: 'NAME', direction: 'ASC' },
    ]);
  });

  it('answers with names in the form of the filter', () => {
    expect(nameForm(models("name = 'a'"))).toBe('');
    expect(nameForm(models("name = 'main.default.a'"))).toBe('main.default.a');
  });
});
