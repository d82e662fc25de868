import type { AccessDocument, DesiredSecurable } from '../access-file/access-document.js';
import { policyRules } from '../access-file/rules.schema.js';
import { refKey, type SecurableRef } from '../access-file/securable-kind.js';
import { CliError } from '../cli-error.js';
import type { AccessState, SecurableState } from './access-state.js';
import { type Change, isDestructive } from './change.js';
import { makePlan } from './plan.js';
import { stepsOf } from './steps.js';

const now = new Date('2027-01-01T00:00:00Z');
const place = { file: 'access.yaml', line: 1, column: 1, path: '' };
const rulesWith = (waitSeconds: number) => policyRules.parse({ protects: { aliases: ['champion'] }, waitSeconds });

const prod = { kind: 'CATALOG', fullName: 'prod' } as const;

function stateOf(securable: Partial<SecurableState> = {}, state: Partial<AccessState> = {}): AccessState {
  const whole: SecurableState = {
    ...prod,
    grantsRevision: 7,
    viewerCan: ['MANAGE'],
    owner: 'ada',
    grants: [],
    policies: [],
    ...securable,
  };
  const principals = new Map([
    ['ada', { name: 'ada', kind: 'USER' as const }],
    ['crew', { name: 'crew', kind: 'GROUP' as const }],
  ]);
  return { principals, groups: new Map(), securables: new Map([[refKey(prod), whole]]), administers: true, ...state };
}

const documentOf = (securable: Partial<DesiredSecurable>, document: Partial<AccessDocument> = {}): AccessDocument => ({
  mode: 'authoritative',
  groups: [],
  securables: [{ ...prod, place, ...securable }],
  principals: [],
  ...document,
});

const live = { privilege: 'EXECUTE', expiresAt: null, principal: { name: 'ada' } };

describe('what a plan says of', () => {
  it('a grant whose end is past: it counts as not granted', () => {
    const ended = { principal: 'ada', privilege: 'EXECUTE', expiresAt: new Date('2026-12-31T00:00:00Z') } as const;
    const document = documentOf({ grants: [ended] });
    expect(makePlan(document, stateOf(), now)).toMatchObject({
      changes: [],
      notes: [expect.stringContaining('has ended')],
    });
    const { changes } = makePlan(document, stateOf({ grants: [live] }), now);
    expect(changes).toMatchObject([{ kind: 'grant', action: 'delete', privilege: 'EXECUTE' }]);
    expect(makePlan({ ...document, mode: 'additive' }, stateOf({ grants: [live] }), now).changes).toEqual([]);
  });

  it('an end that moves: earlier takes something away, later does not', () => {
    const until = (expiresAt: Date | null) => ({
      grants: [{ principal: 'ada', privilege: 'EXECUTE' as const, expiresAt }],
    });
    const june = new Date('2027-06-01T00:00:00Z');
    const shorter = makePlan(documentOf(until(june)), stateOf({ grants: [live] }), now).changes;
    const longer = makePlan(
      documentOf(until(null)),
      stateOf({ grants: [{ ...live, expiresAt: june.toISOString() }] }),
      now,
    ).changes;
    expect(shorter).toMatchObject([{ action: 'update' }]);
    expect(longer).toMatchObject([{ action: 'update' }]);
    expect([...shorter, ...longer].map(isDestructive)).toEqual([true, false]);
  });

  it('a grant to somebody who is hidden: it stays, and is told', () => {
    const { changes, notes } = makePlan(
      documentOf({ grants: [] }),
      stateOf({ grants: [{ ...live, principal: null }] }),
      now,
    );
    expect({ changes, notes }).toEqual({ changes: [], notes: [expect.stringContaining('whom you may not see stays')] });
  });

  it('a group that an issuer fills: whom the file does not name stays, and is told', () => {
    const crew = { name: 'crew', issuers: ['https://login.example.org'], members: ['ada'] };
    const document = documentOf({}, { groups: [{ name: 'crew', members: [], place }] });
    const { changes, notes } = makePlan(document, stateOf({}, { groups: new Map([['crew', crew]]) }), now);
    expect({ changes, notes }).toEqual({
      changes: [],
      notes: [expect.stringContaining('up to https://login.example.org')],
    });
    const byHand = makePlan(document, stateOf({}, { groups: new Map([['crew', { ...crew, issuers: [] }]]) }), now);
    expect(byHand.changes).toMatchObject([{ kind: 'member', action: 'delete', member: 'ada' }]);
  });

  it('a policy whose name was retired: that it cannot be made again', () => {
    const policy = { id: '1', name: 'Guard', revision: 1, retiredAt: now.toISOString(), rules: rulesWith(0) };
    const document = documentOf({ policies: [{ name: 'guard', rules: rulesWith(0), place }] });
    expect(() => makePlan(document, stateOf({ policies: [policy] }), now)).toThrow('policy "guard" was retired');
  });

  it.each<[string, AccessDocument, AccessState]>([
    ['NOT_FOUND', documentOf({}, { principals: [{ name: 'nobody', place }] }), stateOf()],
    ['NOT_FOUND', documentOf({}), stateOf({}, { securables: new Map() })],
    ['DENIED', documentOf({ grants: [] }), stateOf({ viewerCan: ['EXECUTE'] })],
    ['DENIED', documentOf({}, { groups: [{ name: 'new', members: [], place }] }), stateOf({}, { administers: false })],
    ['DENIED', documentOf({ policies: [{ name: 'guard', rules: rulesWith(0), place }] }), stateOf()],
    ['FAILURE', documentOf({}, { groups: [{ name: 'ada', members: [], place }] }), stateOf()],
  ])('what does not fit: %s', (outcome, document, state) => {
    let failure: unknown;
    try {
      makePlan(document, state, now);
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(CliError);
    expect(failure).toMatchObject({ outcome });
  });
});

describe('the steps of a plan', () => {
  it('give before they take, and take from the metastore last', () => {
    const grantOn = (on: SecurableRef, action: 'create' | 'delete'): Change => ({
      kind: 'grant',
      action,
      on,
      principal: 'ada',
      privilege: 'MANAGE',
      expiresAt: null,
    });
    const metastore = { kind: 'METASTORE', fullName: 'metastore' } as const;
    const model = { kind: 'REGISTERED_MODEL', fullName: 'prod.fraud.scorer' } as const;
    const changes: Change[] = [
      grantOn(metastore, 'delete'),
      grantOn(prod, 'delete'),
      grantOn(model, 'delete'),
      grantOn(model, 'create'),
      grantOn(prod, 'create'),
      { kind: 'owner', action: 'update', on: metastore, owner: 'crew', was: 'ada' },
      { kind: 'member', action: 'delete', group: 'crew', member: 'ada' },
    ];
    const order = stepsOf({ changes, notes: [], revisions: new Map() }).map(({ changes: [first] }) => first);
    expect(order).toEqual([4, 3, 2, 1, 6, 0, 5].map((index) => changes[index]));
  });

  it('hold up to a hundred grants on one object', () => {
    const many = Array.from({ length: 250 }, (_, index): Change => {
      return {
        kind: 'grant',
        action: 'create',
        on: prod,
        principal: `p${index}`,
        privilege: 'EXECUTE',
        expiresAt: null,
      };
    });
    const steps = stepsOf({ changes: many, notes: [], revisions: new Map() });
    expect(steps.map(({ changes }) => changes.length)).toEqual([100, 100, 50]);
  });
});
