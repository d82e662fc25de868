import { METASTORE_ID, type Securable, SecurableRepository } from '@app/access';
import { AuditLog } from '@app/audit';
import { Catalogs, NamespaceModule } from '@app/namespace';
import { Transaction } from '@app/platform';
import sql from 'sql-template-tag';
import { createWebhookTest, type TestHook, type WebhookTest } from '../../../test/support/webhooks.js';
import { WebhookDeliveries } from './webhook-deliveries.service.js';
import { Webhooks } from './webhooks.service.js';

describe('what a webhook is told of', () => {
  let t: WebhookTest;
  let other: Securable;
  beforeAll(async () => {
    t = await createWebhookTest({}, [NamespaceModule]);
    await t.make.schema('other.fraud', t.manager);
    other = await t.make.securable('REGISTERED_MODEL', 'other.fraud.scorer', t.manager);
    await t.make.grant(t.manager, { id: other.catalogId as string }, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
  });
  beforeEach(() => t.receiver.received.splice(0));
  afterEach(() => t.db.execute(sql`DELETE FROM webhooks`));
  afterAll(() => t.close());

  const metastore = async () => (await t.module.get(SecurableRepository).byId(METASTORE_ID)) as Securable;
  const toldOf = async (hook: TestHook) => (await t.log(hook)).map(({ eventType }) => eventType);
  const statusOf = async (hook: TestHook) => (await t.log(hook)).map(({ status }) => status);

  it('is what happens at its securable or below it, of the types that it asked for', async () => {
    const onCatalog = await t.hook(t.catalog, ['*']);
    const onSchema = await t.hook(t.schema, ['model_alias.*', 'schema.updated']);
    const onModel = await t.hook(t.model, ['model_alias.set']);
    const within = { after: { alias: 'champion', version: 3 } };
    await t.happens('model_alias.set', t.model, within);
    await t.happens('model_alias.set', other, within);
    await t.happens('model_alias.deleted', t.model, within);
    await t.happens('schema.updated', t.schema);
    await t.happens('catalog.updated', t.catalog);
    await t.happens('run.created', t.model);
    expect(await toldOf(onModel)).toEqual(['model_alias.set']);
    expect((await toldOf(onSchema)).sort()).toEqual(['model_alias.deleted', 'model_alias.set', 'schema.updated']);
    expect((await toldOf(onCatalog)).sort()).toEqual([
      'catalog.updated',
      'model_alias.deleted',
      'model_alias.set',
      'schema.updated',
      'webhook.created',
      'webhook.created',
      'webhook.created',
    ]);
  });

  it('is no refusal, and nothing that was rolled back', async () => {
    const hook = await t.hook(t.catalog);
    await t.as(t.manager, () =>
      t.module.get(AuditLog).write([{ ...refusal(), outcome: 'REFUSED', action: 'registered_model.updated' }]),
    );
    const rolledBack = t.as(t.manager, () =>
      t.module.get(Transaction).run(async () => {
        const object = { kind: 'REGISTERED_MODEL', id: t.model.id, name: 'x', within: t.model } as const;
        await t.module.get(AuditLog).record({ action: 'registered_model.updated', object });
        expect(await toldOf(hook)).toEqual(['registered_model.updated']);
        throw new Error('no');
      }),
    );
    await expect(rolledBack).rejects.toThrow('no');
    expect(await toldOf(hook)).toEqual([]);
  });
  const refusal = () =>
    t.module.get(AuditLog).refusalRow({ privilege: 'EXECUTE', object: { ...t.model, kind: 'REGISTERED_MODEL' } });

  it('stays the same when its catalog is renamed, and all changes of one statement are told', async () => {
    const hook = await t.hook(t.model, ['registered_model.*']);
    const metastoreAdmin = await t.make.admin();
    await t.make.grant(metastoreAdmin, t.catalog, 'MANAGE');
    await t.as(metastoreAdmin, () => t.module.get(Catalogs).rename('prod', 'production'));
    const model = (await t.module.get(SecurableRepository).byId(t.model.id)) as Securable;
    const object = { kind: 'REGISTERED_MODEL', id: model.id, name: model.fullName, within: model } as const;
    await t.as(t.manager, () =>
      t.module.get(AuditLog).recordAll([
        { action: 'registered_model.updated', object },
        { action: 'registered_model.tag_set', object, after: { key: 'k', value: 'v' } },
      ]),
    );
    await t.send(hook);
    expect(t.receiver.received.map(({ event }) => event.subject)).toEqual([
      'production.fraud.scorer',
      'production.fraud.scorer',
    ]);
    await t.as(metastoreAdmin, () => t.module.get(Catalogs).rename('production', 'prod'));
  });

  it('is told to the containers of what was deleted', async () => {
    const hook = await t.hook(t.schema, ['registered_model.*']);
    const gone = await t.make.securable('REGISTERED_MODEL', 'prod.fraud.gone', t.manager);
    const own = await t.hook(gone);
    await t.db.execute(sql`DELETE FROM securables WHERE id = ${gone.id}::uuid`);
    await t.happens('registered_model.deleted', gone);
    await t.send(hook);
    expect([await statusOf(hook), await statusOf(own)]).toEqual([['DELIVERED'], []]);
  });

  describe('by the rights of its owner', () => {
    it('holds back what he may not see, and sends it on a replay when he may', async () => {
      const admin = await t.make.admin();
      const hook = await t.as(admin, async () =>
        t.module.get(Webhooks).create({
          on: { kind: 'METASTORE', fullName: 'metastore' },
          name: 'admin',
          url: t.receiver.url,
          eventTypes: ['model_alias.set', 'grant.*', 'catalog.updated'],
          description: null,
        }),
      );
      await t.happens('model_alias.set', t.model);
      await t.happens('catalog.updated', t.catalog);
      await t.happens('grant.created', t.catalog, { object: { kind: 'GRANT' } });
      await t.send(hook);
      expect((await t.log(hook)).map(({ eventType, status }) => [eventType, status]).sort()).toEqual([
        ['catalog.updated', 'DELIVERED'],
        ['grant.created', 'DELIVERED'],
        ['model_alias.set', 'WITHHELD'],
      ]);
      expect((await t.log(hook)).find(({ status }) => status === 'WITHHELD')?.error).toContain('may not see');
      await t.make.grant(admin, await metastore(), 'READ_AUDIT');
      const replayed = await t.as(admin, () =>
        t.module.get(WebhookDeliveries).replayFailed(hook.webhook.id, new Date('2020-01-01')),
      );
      await t.send(hook);
      expect([replayed, new Set(await statusOf(hook))]).toEqual([1, new Set(['DELIVERED'])]);
    });

    it.each(['disabled', 'deprived', 'deleted'])('sends nothing for one who was %s, and is disabled', async (how) => {
      const delegate = await t.make.user();
      await t.make.grant(delegate, t.catalog, 'MANAGE', 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
      const hook = await t.hook(t.model);
      await t.as(delegate, () => t.module.get(Webhooks).update(hook.webhook.id, { description: 'mine' }));
      await t.happens('registered_model.updated', t.model);
      await t.send(hook);
      expect(await statusOf(hook)).toEqual(['DELIVERED']);

      const where = sql`WHERE id = ${delegate.id}::uuid`;
      if (how === 'disabled') await t.db.execute(sql`UPDATE principals SET disabled_at = now() ${where}`);
      if (how === 'deprived')
        await t.db.execute(sql`DELETE FROM grants WHERE principal_id = ${delegate.id}::uuid AND privilege = 'MANAGE'`);
      if (how === 'deleted') await t.db.execute(sql`DELETE FROM principals ${where}`);
      await t.db.execute(sql`UPDATE access_version SET version = version + 1`);
      await t.happens('registered_model.updated', t.model);
      await t.send(hook);
      expect((await statusOf(hook)).sort()).toEqual(['DELIVERED', 'WITHHELD']);
      expect(await t.again(hook)).toMatchObject({
        status: 'DISABLED',
        disabledReason: expect.stringContaining('owner'),
      });
      expect(t.receiver.received).toHaveLength(1);
    });
  });
});
