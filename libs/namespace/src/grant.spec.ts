import type { Privilege, Securable, SecurableKind } from '@app/access';
import fc from 'fast-check';
import { missing, mistakes, repeated, requireRevision } from './grant.js';

const pathTo = (field: string) => ['add', '3', field];
const wrongWith = (privilege: Privilege, kind: SecurableKind, expiresAt?: Date) =>
  mistakes({ change: { principal: 'ada', privilege, expiresAt }, pathTo }, { id: '', kind, fullName: '' });

describe('mistakes', () => {
  it('are none where a privilege has a meaning', () => {
    expect(wrongWith('USE_CATALOG', 'CATALOG')).toEqual([]);
    expect(wrongWith('READ', 'EXPERIMENT', new Date(Date.now() + 60_000))).toEqual([]);
  });

  it.each<[Privilege, SecurableKind, string]>([
    ['USE_CATALOG', 'SCHEMA', 'a schema; it can be granted on: catalog'],
    ['USE_SCHEMA', 'REGISTERED_MODEL', 'a registered model; it can be granted on: catalog, schema'],
    ['EXECUTE', 'METASTORE', 'a metastore; it can be granted on: catalog, schema, registered model'],
    ['EXECUTE', 'EXPERIMENT', 'an experiment; it can be granted on: catalog, schema, registered model'],
    ['EDIT', 'CATALOG', 'a catalog; it can be granted on: experiment'],
    ['BROWSE', 'SCHEMA', 'a schema; it can be granted on: catalog'],
    ['APPROVE_PROMOTION', 'METASTORE', 'a metastore; it can be granted on: catalog, schema, registered model'],
    ['CREATE_CATALOG', 'CATALOG', 'a catalog; it can be granted on: metastore'],
  ])('%s on a %s says where it can be granted', (privilege, kind, rest) => {
    expect(wrongWith(privilege, kind)).toMatchObject([
      { message: `add.3.privilege: ${privilege} cannot be granted on ${rest}`, path: ['add', '3', 'privilege'] },
    ]);
  });

  it('are all told, each with its path', () => {
    expect(wrongWith('READ', 'CATALOG', new Date(0)).map(({ path }) => path)).toEqual([
      ['add', '3', 'privilege'],
      ['add', '3', 'expiresAt'],
    ]);
  });
});

describe('missing', () => {
  it('is what is not there, or ends at another time', () => {
    const at = (time: number | null) => (time === null ? null : new Date(time));
    const grant = fc.record({
      principalId: fc.constantFrom('a', 'b'),
      privilege: fc.constantFrom<Privilege>('EXECUTE', 'MANAGE'),
      expiresAt: fc.constantFrom(null, 1, 2).map(at),
    });
    fc.assert(
      fc.property(fc.array(grant), fc.array(grant), (wanted, present) => {
        const left = missing(wanted, present as never);
        const same = (one: (typeof wanted)[number], other: (typeof wanted)[number]) =>
          one.principalId === other.principalId && one.privilege === other.privilege;
        for (const one of wanted) {
          const known = present.find((other) => same(one, other));
          expect(left.includes(one)).toBe(!known || known.expiresAt?.getTime() !== one.expiresAt?.getTime());
        }
      }),
    );
  });
});

describe('repeated', () => {
  it('are the changes that name a grant once more', () => {
    const named = (principal: string, privilege: Privilege, index: number) => ({
      change: { principal, privilege },
      principalId: 'a',
      pathTo: (field: string) => ['add', String(index), field],
    });
    expect(repeated([named('ada', 'EXECUTE', 0), named('ada', 'MANAGE', 1)])).toEqual([]);
    expect(repeated([named('ada', 'EXECUTE', 0), named('bo', 'MANAGE', 1), named('ADA', 'EXECUTE', 2)])).toMatchObject([
      { message: 'add.2.privilege: EXECUTE for "ADA" is named twice', path: ['add', '2', 'privilege'] },
    ]);
  });
});

describe('requireRevision', () => {
  it('lets an editor change what he has seen, and nothing else', () => {
    const securable = { kind: 'CATALOG', fullName: 'prod', grantsRevision: 7 } as Securable;
    expect(() => requireRevision(securable, null)).not.toThrow();
    expect(() => requireRevision(securable, 7)).not.toThrow();
    expect(() => requireRevision(securable, 6)).toThrow('the grants on catalog "prod" are at revision 7, not 6');
  });
});
