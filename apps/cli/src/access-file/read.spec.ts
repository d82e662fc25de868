import { CliError } from '../cli-error.js';
import { readAccessFiles } from './read.js';
import type { Problem } from './source.js';

const read = (text: string, mode?: 'additive' | 'authoritative') =>
  readAccessFiles([{ file: 'access.yaml', text }], mode);

/** What is wrong, as it is told: `line:column: path: message`. */
function told(text: string): string[] {
  try {
    read(text);
  } catch (error) {
    expect(error).toBeInstanceOf(CliError);
    const { outcome, details } = error as CliError;
    expect(outcome).toBe('USAGE');
    return (details.problems as (Problem['place'] & { message: string })[]).map(
      ({ line, column, path, message }) => `${line}:${column}: ${path}: ${message}`,
    );
  }
  return [];
}

const whole = `
version: 1
mode: authoritative
groups:
  ml-leads: { members: [lea, tom] }
metastore:
  grants: { everyone: [CREATE_EXPERIMENT] }
catalogs:
  prod:
    owner: platform
    grants:
      data-scientists:
        - EXECUTE
        - privilege: USE_CATALOG
          expiresAt: 2027-01-31T01:00:00+01:00
    policies:
      production:
        protects: { stages: [Production], aliases: [champion] }
        approvals: [{ name: leads, count: 2, approvers: [ml-leads] }]
        gates:
          - { key: auc, type: METRIC_THRESHOLD, metricThreshold: { metric: auc, min: 0.8 } }
          - { key: files, type: ARTIFACT_INTEGRITY }
models:
  prod.fraud.scorer: { grants: {} }
experiments:
  "churn: first": { owner: lea }
`;

describe('an access file', () => {
  it('is read whole, with what is left out filled in', () => {
    const document = read(whole);
    expect(document.mode).toBe('authoritative');
    expect(document.groups).toMatchObject([{ name: 'ml-leads', members: [{ name: 'lea' }, { name: 'tom' }] }]);
    expect(document.securables.map(({ kind, fullName }) => `${kind} ${fullName}`)).toEqual([
      'METASTORE metastore',
      'CATALOG prod',
      'REGISTERED_MODEL prod.fraud.scorer',
      'EXPERIMENT churn: first',
    ]);
    const prod = document.securables[1];
    expect(prod?.grants).toEqual([
      { principal: 'data-scientists', privilege: 'EXECUTE', expiresAt: null },
      { principal: 'data-scientists', privilege: 'USE_CATALOG', expiresAt: new Date('2027-01-31T00:00:00Z') },
    ]);
    expect(prod?.policies?.[0]?.rules).toMatchObject({
      separationOfDuties: { requester: true, versionCreator: true, runUser: true },
      waitSeconds: 0,
      gates: [{ required: true, attempts: 3 }, { artifactIntegrity: { requiredPaths: [] } }],
    });
    // Not mentioned is not the same as empty.
    expect(document.securables[2]).toMatchObject({ grants: [] });
    expect(document.securables[3]?.grants).toBeUndefined();
    expect(new Set(document.principals.map(({ name }) => name))).toEqual(
      new Set(['lea', 'tom', 'everyone', 'platform', 'data-scientists', 'ml-leads']),
    );
  });

  it.each([
    [
      'version: 1\nmode: additive\ngroup: {}',
      '3:1: group: "group" is not known here; there are: version, mode, groups',
    ],
    ['version: 2\nmode: additive', '1:1: version: 2 must be 1'],
    ['mode: additive', '1:1: version: is missing'],
    ['version: 1\nmode: strict', '2:1: mode: "strict" is not one of additive, authoritative'],
    ['version: 1', '1:1: : mode is missing: write "mode: additive" or "mode: authoritative", or give --mode'],
    [
      'version: 1\nmode: additive\ncatalogs:\n  prod:\n    grants:\n      lea: [EXECUT]',
      '6:13: catalogs.prod.grants.lea[0]: "EXECUT" is not one of USE_CATALOG, USE_SCHEMA',
    ],
    [
      'version: 1\nmode: additive\nmodels:\n  a.b.c:\n    grants:\n      lea: [USE_CATALOG]',
      '6:13: models."a.b.c".grants.lea[0]: "USE_CATALOG" is not one of CREATE_MODEL_VERSION, EXECUTE',
    ],
    [
      'version: 1\nmode: additive\ncatalogs:\n  prod:\n    grants:\n      lea: [{ privilege: EXECUTE, expiresAt: tomorrow }]',
      '6:35: catalogs.prod.grants.lea[0].expiresAt: "tomorrow" must be an instant with a time zone',
    ],
    [
      'version: 1\nmode: additive\ncatalogs:\n  prod:\n    grants:\n      lea: [{ privilege: EXECUTE, expiresAt: 2027-01-31T00:00:00Z, until: x }]',
      '6:68: catalogs.prod.grants.lea[0].until: "until" is not known here; there are: privilege, expiresAt',
    ],
    [
      'version: 1\nmode: additive\ncatalogs:\n  prod.fraud: {}',
      '4:3: catalogs."prod.fraud": "prod.fraud" must have the form catalog',
    ],
    ['version: 1\nmode: additive\nschemas:\n  prod: {}', '4:3: schemas.prod: "prod" must have the form catalog.schema'],
    [
      'version: 1\nmode: additive\ncatalogs:\n  prod:\n    grants:',
      '5:5: catalogs.prod.grants: is empty: a map is needed; write {} for none',
    ],
    [
      'version: 1\nmode: additive\ngroups:\n  g:\n    members:',
      '5:5: groups.g.members: is empty: a list is needed; write [] for none',
    ],
    [
      'version: 1\nmode: additive\ngroups:\n  g:\n    members: [a, 7]',
      '5:18: groups.g.members[1]: 7 must be a text: put it into quotes, "7"',
    ],
    [
      'version: 1\nmode: additive\ngroups:\n  g:\n    members: [a, A]',
      '5:18: groups.g.members[1]: member "A" is named twice',
    ],
    [
      'version: 1\nmode: additive\ngroups:\n  everyone:\n    members: [a]',
      '4:3: groups.everyone: holds all enabled users',
    ],
    [
      'version: 1\nmode: additive\ngroups:\n  g: { members: [] }\n  G: { members: [] }',
      '5:3: groups.G: group G is described twice',
    ],
    ['version: 1\nmode: additive\ncatalogs:\n  a: {}\n  a: {}', '5:3: : is named twice'],
    ['version: 1\nmode: additive\ncatalogs:\n  a: {}\n  A: {}', '5:3: catalogs.A: catalog A is described twice'],
    ['version: 1\nmode: [', '2:8: : is not valid YAML'],
    ['version: 1\nmode: additive\ngroups: *nowhere', '1:1: : is not valid YAML: Unresolved alias'],
    ['', '1:1: : is empty: a map is needed'],
    [
      'version: 1\nmode: additive\ncatalogs:\n  a:\n    policies:\n      p: { protects: {} }',
      '6:12: catalogs.a.policies.p.protects: names no stage and no alias',
    ],
    [
      'version: 1\nmode: additive\ncatalogs:\n  a:\n    policies:\n      p: { protects: { aliases: [x] }, gates: [{ key: k, type: MAGIC }] }',
      '6:58: catalogs.a.policies.p.gates[0].type: "type" must be METRIC_THRESHOLD, SIGNATURE or ARTIFACT_INTEGRITY',
    ],
    ['- a', '1:1: : must be a map, and a list is a list'],
  ])('that says %j is refused where it is wrong', (text, problem) => {
    const problems = told(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it('tells every problem at once', () => {
    expect(told('version: 1\nmode: no\ncatalogs: { p: { grants: { a: [X], b: [Y] } } }')).toHaveLength(3);
  });

  it('finds the place behind an alias of YAML', () => {
    const text = 'version: 1\nmode: additive\nschemas:\n  a.b: &s\n    grants: { lea: [BROWSE] }\n  a.c: *s';
    expect(told(text).map((line) => line.split(' ')[0])).toEqual(['5:21:', '5:21:']);
  });

  it('takes the mode from the flag, and lets nobody contradict it', () => {
    expect(read('version: 1', 'authoritative').mode).toBe('authoritative');
    expect(() => read('version: 1\nmode: additive', 'authoritative')).toThrow('contradicts: --mode says authoritative');
    const one = { file: 'one.yaml', text: 'version: 1\nmode: additive' };
    const other = { file: 'other.yaml', text: 'version: 1\nmode: authoritative' };
    expect(() => readAccessFiles([one, other])).toThrow('other.yaml:2:1: mode: "authoritative" contradicts');
  });

  it('is one with the other files, and each object is described in one of them', () => {
    const one = { file: 'one.yaml', text: 'version: 1\nmode: additive\ncatalogs: { a: {} }' };
    const other = { file: 'other.yaml', text: 'version: 1\ncatalogs: { b: {} }' };
    expect(readAccessFiles([one, other]).securables).toHaveLength(2);
    const again = { file: 'again.yaml', text: 'version: 1\ncatalogs: { A: {} }' };
    expect(() => readAccessFiles([one, again])).toThrow(/again.yaml:2:13: catalogs.A: .*also in one.yaml:3:13/);
  });
});
