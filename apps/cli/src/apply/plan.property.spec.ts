import * as fc from 'fast-check';
import type { AccessDocument, DesiredSecurable } from '../access-file/access-document.js';
import { policyRules } from '../access-file/rules.schema.js';
import { nameKey, type Privilege, refKey, type SecurableKind } from '../access-file/securable-kind.js';
import type { AccessState, SecurableState } from './access-state.js';
import type { Change } from './change.js';
import { makePlan } from './plan.js';
import { stepsOf } from './steps.js';

const now = new Date('2027-01-01T00:00:00Z');
const later = ['2027-06-01T00:00:00.000Z', '2028-01-01T00:00:00.000Z'];
const people = ['ada', 'Bob', 'crew', 'leads'];
const objects: { kind: SecurableKind; fullName: string }[] = [
  { kind: 'METASTORE', fullName: 'metastore' },
  { kind: 'CATALOG', fullName: 'prod' },
  { kind: 'SCHEMA', fullName: 'prod.fraud' },
  { kind: 'REGISTERED_MODEL', fullName: 'prod.fraud.scorer' },
];
const words: Privilege[] = ['MANAGE', 'READ_AUDIT', 'ALL_PRIVILEGES'];
const place = { file: 'access.yaml', line: 1, column: 1, path: '' };
const rulesWith = (waitSeconds: number) => policyRules.parse({ protects: { aliases: ['champion'] }, waitSeconds });

const person = fc.constantFrom(...people);
/** The server ignores case: so must the comparison. */
const anyCase = person.chain((name) => fc.constantFrom(name, name.toUpperCase()));
const grant = (who: fc.Arbitrary<string>) =>
  fc.record({ principal: who, privilege: fc.constantFrom(...words), end: fc.constantFrom(null, ...later) });
const grantsOf = (who: fc.Arbitrary<string>) =>
  fc.uniqueArray(grant(who), { selector: (one) => `${nameKey(one.principal)} ${one.privilege}` });
const policiesOf = fc.uniqueArray(fc.record({ name: fc.constantFrom('a', 'b'), wait: fc.nat(2) }), {
  selector: ({ name }) => name,
});
const membersOf = fc.uniqueArray(fc.constantFrom('ada', 'Bob', 'crew'));

const securableState = (object: (typeof objects)[number]): fc.Arbitrary<SecurableState> =>
  fc.record({ owner: person, grants: grantsOf(person), policies: policiesOf }).map(({ owner, grants, policies }) => ({
    ...object,
    grantsRevision: 1,
    viewerCan: ['MANAGE', 'MANAGE_POLICY'],
    owner,
    grants: grants.map(({ principal, privilege, end }) => ({
      privilege,
      expiresAt: end,
      principal: { name: principal },
    })),
    policies: policies.map(({ name, wait }) => ({
      id: name,
      name,
      revision: 1,
      retiredAt: null,
      rules: rulesWith(wait),
    })),
  }));

const states: fc.Arbitrary<AccessState> = fc
  .record({
    securables: fc.tuple(...objects.map(securableState)),
    crew: membersOf,
    hasLeads: fc.boolean(),
    leads: membersOf,
  })
  .map(({ securables, crew, hasLeads, leads }) => ({
    principals: new Map(
      people
        .filter((name) => hasLeads || name !== 'leads')
        .map((name) => [nameKey(name), { name, kind: ['crew', 'leads'].includes(name) ? 'GROUP' : 'USER' }]),
    ),
    groups: new Map(
      [
        { name: 'crew', issuers: [], members: crew },
        ...(hasLeads ? [{ name: 'leads', issuers: [], members: leads }] : []),
      ].map((group) => [group.name, group]),
    ),
    securables: new Map(securables.map((one) => [refKey(one), one])),
    administers: true,
  }));

const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const desired = (object: (typeof objects)[number]): fc.Arbitrary<DesiredSecurable> =>
  fc
    .record({ owner: maybe(anyCase), grants: maybe(grantsOf(anyCase)), policies: maybe(policiesOf) })
    .map(({ owner, grants, policies }) => ({
      ...object,
      place,
      owner,
      grants: grants?.map(({ end, ...rest }) => ({ ...rest, expiresAt: end ? new Date(end) : null })),
      policies: policies?.map(({ name, wait }) => ({ name, rules: rulesWith(wait), place })),
    }));

const documents: fc.Arbitrary<AccessDocument> = fc.record({
  mode: fc.constantFrom('additive' as const, 'authoritative' as const),
  groups: fc.record({ crew: maybe(membersOf), leads: membersOf }).map(({ crew, leads }) =>
    Object.entries({ crew, leads })
      .filter(([, members]) => members)
      .map(([name, members]) => ({ name, members: (members ?? []).map((one) => ({ name: one, place })), place })),
  ),
  securables: fc
    .tuple(...objects.map((object) => maybe(desired(object))))
    .map((all) => all.filter((one) => one !== undefined)),
  principals: fc.constant([]),
});

/** The server as it is after the changes, written without the plan's code. */
function carriedOut(state: AccessState, changes: readonly Change[]): AccessState {
  const next = structuredClone(state);
  for (const change of changes) {
    if (change.kind === 'group') {
      next.groups.set(nameKey(change.group), { name: change.group, issuers: [], members: [] });
      next.principals.set(nameKey(change.group), { name: change.group, kind: 'GROUP' });
    } else if (change.kind === 'member') {
      const group = next.groups.get(nameKey(change.group)) as { members: string[] };
      const others = group.members.filter((name) => name !== change.member);
      group.members = change.action === 'create' ? [...others, change.member] : others;
    } else {
      changeSecurable(next.securables.get(refKey(change.on)) as SecurableState, change);
    }
  }
  return next;
}

function changeSecurable(securable: SecurableState, change: Exclude<Change, { kind: 'group' | 'member' }>): void {
  if (change.kind === 'owner') {
    securable.owner = change.owner;
  } else if (change.kind === 'grant') {
    const { principal, privilege, expiresAt, action } = change;
    const others = securable.grants.filter(
      (one) => one.privilege !== privilege || nameKey(one.principal?.name ?? '') !== nameKey(principal),
    );
    securable.grants =
      action === 'delete' ? others : [...others, { principal: { name: principal }, privilege, expiresAt }];
  } else {
    const { policy: name, rules, action } = change;
    const others = securable.policies.filter((one) => one.name !== name);
    securable.policies =
      action === 'delete' ? others : [...others, { id: name, name, revision: 1, retiredAt: null, rules }];
  }
}

const names = (grants: SecurableState['grants']) =>
  grants
    .map(({ principal, privilege, expiresAt }) => `${privilege} ${nameKey(principal?.name ?? '')} ${expiresAt}`)
    .sort();

describe('a plan', () => {
  it('leaves nothing to do once it is carried out, in the order of its steps', () => {
    fc.assert(
      fc.property(states, documents, (state, document) => {
        const { changes } = makePlan(document, state, now);
        const steps = stepsOf({ changes, notes: [], revisions: new Map() });
        const inOrder = steps.flatMap((step): Change[] => step.changes);
        expect(new Set(inOrder)).toEqual(new Set(changes));
        expect(inOrder).toHaveLength(changes.length);
        expect(makePlan(document, carriedOut(state, inOrder), now).changes).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('removes nothing when it is additive, and makes every list exact when it is authoritative', () => {
    fc.assert(
      fc.property(states, documents, (state, document) => {
        const { changes } = makePlan(document, state, now);
        if (document.mode === 'additive')
          return expect(changes.filter(({ action }) => action === 'delete')).toEqual([]);
        const made = carriedOut(state, changes);
        for (const { name, members } of document.groups) {
          expect(made.groups.get(nameKey(name))?.members.sort()).toEqual(members.map((one) => one.name).sort());
        }
        for (const one of document.securables.filter(({ grants }) => grants)) {
          const wanted = (one.grants ?? []).map(({ principal, privilege, expiresAt }) => ({
            principal: { name: principal },
            privilege,
            expiresAt: expiresAt?.toISOString() ?? null,
          }));
          expect(names(made.securables.get(refKey(one))?.grants ?? [])).toEqual(names(wanted));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('touches nothing that the file does not speak of', () => {
    fc.assert(
      fc.property(states, documents, (state, document) => {
        const made = carriedOut(state, makePlan(document, state, now).changes);
        for (const [key, before] of state.securables) {
          const spoken = document.securables.find((one) => refKey(one) === key);
          const made_ = made.securables.get(key) as SecurableState;
          if (!spoken?.owner) expect(made_.owner).toBe(before.owner);
          if (!spoken?.grants) expect(made_.grants).toEqual(before.grants);
          if (!spoken?.policies) expect(made_.policies).toEqual(before.policies);
        }
        const spokenGroups = document.groups.map(({ name }) => nameKey(name));
        for (const [key, before] of state.groups) {
          if (!spokenGroups.includes(key)) expect(made.groups.get(key)).toEqual(before);
        }
      }),
      { numRuns: 300 },
    );
  });
});
