import { Access, builtInPrincipals, PermissionDenied, type Securable } from '@app/access';
import { FailedPrecondition, InvalidArgument, NotFound } from '@app/platform';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { Metastore } from './metastore.service.js';
import { NamespaceModule } from './namespace.module.js';
import { Securables } from './securable.service.js';

describe('Securables', () => {
  let t: TestModule;
  let make: Factories;
  let securables: Securables;
  let owner: TestPrincipal;
  let stranger: TestPrincipal;
  let catalog: Securable;
  let model: Securable;
  let experiment: Securable;

  beforeEach(async () => {
    t = await createTestModule([NamespaceModule]);
    make = new Factories(t.db);
    securables = t.module.get(Securables);
    [owner, stranger] = [await make.user('owner'), await make.user('stranger')];
    catalog = await make.securable('CATALOG', 'prod', owner);
    await make.securable('SCHEMA', 'prod.fraud', owner);
    model = await make.securable('REGISTERED_MODEL', 'prod.fraud.scorer', owner);
    experiment = await make.securable('EXPERIMENT', '/Users/ada/trials', owner);
  });
  afterEach(() => t.close());

  const events = () =>
    t.db.query<Record<string, unknown>>(sql`SELECT action, before, after FROM audit_events ORDER BY id`);

  describe('tags', () => {
    const set = (who: TestPrincipal, on: Securable, key: string, value: string) =>
      t.as(who, () => securables.setTag(on, { key, value }));
    const tagsOf = async (who: TestPrincipal, on: Securable) =>
      (await t.as(who, () => securables.tagsOf([on.id]))).get(on.id);

    it.each(['catalog', 'model', 'experiment'])('are set, changed and deleted on a %s', async (what) => {
      const on = { catalog, model, experiment }[what] as Securable;
      const action = { catalog: 'catalog', model: 'registered_model', experiment: 'experiment' }[what];
      await set(owner, on, 'team', 'fraud');
      await set(owner, on, 'team', 'fraud');
      await set(owner, on, 'team', 'risk');
      expect(await tagsOf(owner, on)).toEqual([{ key: 'team', value: 'risk' }]);
      await t.as(owner, () => securables.deleteTag(on, 'team'));
      await t.as(owner, () => securables.deleteTag(on, 'team'));
      expect(await tagsOf(owner, on)).toEqual([]);
      expect(await events()).toEqual([
        { action: `${action}.tag_set`, before: null, after: { key: 'team', value: 'fraud' } },
        { action: `${action}.tag_set`, before: { key: 'team', value: 'fraud' }, after: { key: 'team', value: 'risk' } },
        { action: `${action}.tag_deleted`, before: { key: 'team', value: 'risk' }, after: null },
      ]);
    });

    it('need APPLY_TAG, and no EXECUTE; on an experiment, EDIT', async () => {
      await expect(set(stranger, model, 'k', 'v')).rejects.toThrow(NotFound);
      await make.grant(stranger, catalog, 'USE_CATALOG', 'USE_SCHEMA');
      await make.grant(stranger, model, 'SET_ALIAS');
      await expect(set(stranger, model, 'k', 'v')).rejects.toThrow(PermissionDenied);
      await expect(t.as(stranger, () => securables.deleteTag(model, 'k'))).rejects.toThrow(PermissionDenied);
      await make.grant(stranger, model, 'APPLY_TAG');
      await set(stranger, model, 'k', 'v');

      await make.grant(stranger, experiment, 'READ');
      await expect(set(stranger, experiment, 'k', 'v')).rejects.toThrow(PermissionDenied);
      await make.grant(stranger, experiment, 'EDIT');
      await set(stranger, experiment, 'k', 'v');
    });

    it('are shown of those that the caller may see, in one answer for many', async () => {
      await set(owner, model, 'b', '2');
      await set(owner, model, 'a', '1');
      await set(owner, experiment, 'x', 'y');
      await make.grant(stranger, experiment, 'READ');
      const ids = [model.id, experiment.id];
      expect(await t.as(owner, () => securables.tagsOf(ids))).toEqual(
        new Map([
          [
            model.id,
            [
              { key: 'a', value: '1' },
              { key: 'b', value: '2' },
            ],
          ],
          [experiment.id, [{ key: 'x', value: 'y' }]],
        ]),
      );
      expect(await t.as(stranger, () => securables.tagsOf(ids))).toEqual(
        new Map([
          [model.id, []],
          [experiment.id, [{ key: 'x', value: 'y' }]],
        ]),
      );
    });

    it.each([
      ['', 'v'],
      ['k'.repeat(256), 'v'],
      ['a\0b', 'v'],
      ['k', 'v'.repeat(5001)],
      ['k', 'a\0b'],
      ['k', '\ud800'],
    ])('refuse %j = %j', async (key, value) => {
      await expect(set(owner, catalog, key, value)).rejects.toThrow(InvalidArgument);
      expect(await events()).toEqual([]);
    });

    it('are none on the metastore', async () => {
      const admin = await make.admin();
      const metastore = await t.as(admin, () => t.module.get(Metastore).get());
      await expect(set(admin, metastore, 'k', 'v')).rejects.toThrow('the metastore has no tags');
    });

    it('hold the longest values; of many writers at once, each is told what was before it', async () => {
      const values = [...'abcdefgh'].map((letter) => letter.repeat(5000));
      await Promise.all(values.map((value) => set(owner, catalog, 'k'.repeat(255), value)));
      const written = await events();
      expect(written.map(({ after }) => (after as { value: string }).value).sort()).toEqual(values);
      expect(written.map(({ before }) => before)).toEqual([null, ...written.slice(0, -1).map(({ after }) => after)]);
      expect(await tagsOf(owner, catalog)).toEqual([written.at(-1)?.after]);
    });
  });

  describe('ownership', () => {
    const transfer = (who: TestPrincipal, on: Securable, to: string) =>
      t.as(who, () => securables.transferOwnership(on, to));
    const manages = (who: TestPrincipal, on: Securable) =>
      t.as(who, async () =>
        t.module
          .get(Access)
          .allowed('MANAGE', await t.as(owner, async () => ({ ...on, ownerId: (await current(on)).ownerId }))),
      );
    const current = async (on: Securable) =>
      (await t.db.first<{ ownerId: string }>(
        sql`SELECT owner_id AS "ownerId" FROM securables WHERE id = ${on.id}::uuid`,
      )) as {
        ownerId: string;
      };

    it.each(['catalog', 'experiment'])('of a %s goes over at once, with one event', async (what) => {
      const on = { catalog, experiment }[what] as Securable;
      expect(await transfer(owner, on, 'Stranger')).toMatchObject({ ownerId: stranger.id });
      expect([await manages(owner, on), await manages(stranger, on)]).toEqual([false, true]);
      expect(await events()).toEqual([
        { action: `${what}.owner_changed`, before: { ownerId: owner.id }, after: { ownerId: stranger.id } },
      ]);
      expect(await transfer(stranger, on, stranger.id)).toMatchObject({ ownerId: stranger.id });
      expect(await events()).toHaveLength(1);
    });

    it('is given by the owner or a holder of MANAGE only', async () => {
      await expect(transfer(stranger, catalog, 'stranger')).rejects.toThrow(NotFound);
      await make.grant(stranger, catalog, 'EXECUTE');
      await expect(transfer(stranger, catalog, 'stranger')).rejects.toThrow(PermissionDenied);
      await make.grant(stranger, catalog, 'MANAGE');
      await transfer(stranger, catalog, 'stranger');
    });

    it('goes to an enabled principal only, or a group', async () => {
      const away = await make.user('away');
      await t.db.execute(sql`UPDATE principals SET disabled_at = now() WHERE id = ${away.id}::uuid`);
      await expect(transfer(owner, catalog, 'away')).rejects.toThrow(FailedPrecondition);
      await expect(transfer(owner, catalog, 'nobody')).rejects.toThrow(NotFound);
      for (const name of ['everyone', 'imprimatur-gates']) {
        await expect(transfer(owner, catalog, name)).rejects.toThrow('cannot own anything');
      }
      const team = await make.group([stranger], 'team');
      expect(await transfer(owner, catalog, 'team')).toMatchObject({ ownerId: team.id });
      expect(await manages(stranger, catalog)).toBe(true);
    });

    it('of the metastore goes to somebody who can act, and is given by its administrators', async () => {
      const metastore = t.module.get(Metastore);
      const admin = await make.admin();
      expect(await t.as(stranger, () => metastore.get())).toMatchObject({
        kind: 'METASTORE',
        ownerId: builtInPrincipals.metastoreAdmins,
      });
      await expect(t.as(stranger, () => metastore.transferOwnership('stranger'))).rejects.toThrow(PermissionDenied);
      await make.group([], 'empty');
      await expect(t.as(admin, () => metastore.transferOwnership('empty'))).rejects.toThrow(
        'nobody who is enabled is in the group "empty"',
      );
      await t.as(admin, () => metastore.transferOwnership('stranger'));
      expect(await t.as(stranger, () => metastore.transferOwnership('metastore-admins'))).toMatchObject({
        ownerId: builtInPrincipals.metastoreAdmins,
      });
    });
  });

  it('take a description, and tell what was before', async () => {
    const describe = (description: string | null) => t.as(owner, () => securables.update(model, { description }));
    expect(await describe('two\nlines')).toMatchObject({ description: 'two\nlines' });
    expect(await describe('')).toMatchObject({ description: null });
    expect(await events()).toEqual([
      { action: 'registered_model.updated', before: { description: null }, after: { description: 'two\nlines' } },
      { action: 'registered_model.updated', before: { description: 'two\nlines' }, after: { description: null } },
    ]);
    await expect(describe('x'.repeat(5001))).rejects.toThrow('description: 5001 characters; it must have at most 5000');
  });
});
