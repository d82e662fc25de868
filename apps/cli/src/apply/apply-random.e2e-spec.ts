import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { type AccessWorld, createAccessWorld } from '../../../../test/support/access-world.js';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import { grantablePrivileges, type SecurableKind } from '../access-file/securable-kind.js';

let t: TestApp;
let world: AccessWorld;

beforeAll(async () => {
  t = await createTestApp();
  world = await createAccessWorld(t);
  const { names, admin } = world;
  // Ownership and policies may go to anybody: whoever applies must be able to go on all the same.
  await world.grant(admin.name, 'MANAGE_POLICY', names.catalog, 'CATALOG');
  await world.cli.run(['apply', '-f', '-', '--yes'], {
    stdin: stringify({
      version: 1,
      mode: 'additive',
      catalogs: { [names.catalog]: { grants: { [admin.name]: needed } } },
    }),
  });
});
afterAll(async () => {
  world.cli.remove();
  await t.close();
});

const needed = ['USE_CATALOG', 'USE_SCHEMA', 'MANAGE', 'MANAGE_POLICY'];
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const ends = fc.constantFrom('2090-01-01T00:00:00Z', '2091-06-30T12:34:56.789+02:00');

function documents() {
  const { names, admin } = world;
  const person = fc.constantFrom(names.lea, names.tom, names.crew, names.tom.toUpperCase());
  const distinct = <Value>(value: fc.Arbitrary<Value>) =>
    fc.uniqueArray(value, { maxLength: 4, selector: (one) => String(one).toLowerCase() });
  const grants = (kind: SecurableKind) => {
    const word = fc.constantFrom(...grantablePrivileges[kind]);
    const entry = fc.oneof(word, fc.record({ privilege: word, expiresAt: ends }));
    const entries = fc.uniqueArray(entry, {
      maxLength: 4,
      selector: (one) => (typeof one === 'string' ? one : one.privilege),
    });
    return fc.dictionary(fc.constantFrom(names.lea, names.tom, names.crew), entries, { maxKeys: 3 }).map((held) => ({
      ...held,
      [admin.name]: needed.filter((one) => (grantablePrivileges[kind] as readonly string[]).includes(one)),
    }));
  };
  const rules = fc.record({
    protects: fc.record({
      stages: fc.subarray(['Staging', 'Production']),
      aliases: fc.constant(['champion', 'prod-*']),
    }),
    approvals: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('leads', 'others'),
        count: fc.integer({ min: 1, max: 3 }),
        approvers: distinct(person).filter((all) => all.length > 0),
      }),
      { selector: ({ name }) => name, maxLength: 2 },
    ),
    gates: fc.subarray([
      { key: 'auc', type: 'METRIC_THRESHOLD', metricThreshold: { metric: 'auc', min: 0.25, max: 1 } },
      { key: 'files', type: 'ARTIFACT_INTEGRITY', artifactIntegrity: { requiredPaths: ['MLmodel'] } },
      { key: 'signature', type: 'SIGNATURE', required: false },
    ]),
    waitSeconds: fc.nat(1000),
    expiresAfterSeconds: fc.option(fc.integer({ min: 1, max: 1000 })),
    dryRun: fc.boolean(),
  });
  const securable = (kind: SecurableKind) =>
    fc.record({ owner: maybe(person), grants: maybe(grants(kind)), policies: maybe(fc.record({ guard: rules })) });
  return fc.record({
    version: fc.constant(1),
    mode: fc.constantFrom('additive', 'authoritative'),
    groups: fc.record({
      [names.crew]: fc.record({ members: fc.subarray([names.lea, names.tom]) }),
      [`new-${names.crew}`]: fc.record({ members: distinct(person) }),
    }),
    catalogs: fc.record({ [names.catalog]: securable('CATALOG') }),
    schemas: maybe(fc.record({ [names.schema]: securable('SCHEMA') })),
    models: fc.record({ [names.model]: securable('REGISTERED_MODEL') }),
  });
}

it('leaves an empty plan behind, whatever the file says and whatever was there', async () => {
  let changed = 0;
  await fc.assert(
    fc.asyncProperty(documents(), async (document) => {
      const text = stringify(document);
      const applied = await world.apply(text, '--yes');
      expect({ text, ...applied }).toMatchObject({ code: 0, stderr: '' });
      if (applied.stdout.includes('Applied:')) changed++;
      const second = await world.apply(text, '--dry-run', '--exit-code');
      expect({ text, ...second }).toMatchObject({ code: 0, stderr: '' });
    }),
    // One file after the other on the same server: a smaller file would meet another state.
    { numRuns: 10, endOnFailure: true },
  );
  expect(changed).toBeGreaterThan(5);
}, 600_000);
