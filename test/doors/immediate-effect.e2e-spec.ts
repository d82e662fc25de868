import type { Securable } from '@app/access';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../support/app.js';
import type { TestPrincipal } from '../support/factories.js';
import { graphql } from '../support/graphql.js';
import { eventually } from '../support/processes.js';

/** How somebody comes to see a model, and how that is taken and given again, as mutations. */
interface Way {
  /** Writes the rows by which `who` sees the model, and answers with the mutations. */
  open(who: TestPrincipal, model: Securable): Promise<{ close: string[]; reopen: string[] }>;
}

const everyone = { id: '00000000-0000-7000-8000-000000000001' };
const globalId = (type: string, key: string) => Buffer.from(`${type}:${key}`).toString('base64url');
const ref = ({ kind, fullName }: Securable) => `securable: { kind: ${kind}, fullName: "${fullName}" }`;
const grant = (to: { name: string }, on: Securable) =>
  `grantCreate(input: { ${ref(on)}, principal: "${to.name}", privilege: EXECUTE })`;
const member = (change: 'Add' | 'Remove', group: { name: string }, who: { name: string }) =>
  `groupMember${change}(input: { group: "${group.name}", member: "${who.name}" })`;
const owner = (of: Securable, who: { name: string }) => `securableUpdate(input: { ${ref(of)}, owner: "${who.name}" })`;

describe('a change of access', () => {
  let one: TestApp;
  let other: TestApp;
  let root: TestPrincipal;
  let models = 0;
  beforeAll(async () => {
    one = await createTestApp();
    // The same database, another process's caches.
    other = await createTestApp({ DATABASE_URL: one.env.DATABASE_URL as string });
    root = await one.make.admin('root');
    const schema = await one.make.schema('prod.fraud', root);
    await one.make.grant(everyone, { id: schema.catalogId as string }, 'USE_CATALOG', 'USE_SCHEMA');
  });
  afterAll(async () => {
    await other.close();
    await one.close();
  });

  const idOf = async (table: 'grants' | 'access_tokens', who: { id: string }) => {
    const statement = {
      grants: sql`SELECT id FROM grants WHERE principal_id = ${who.id}::uuid`,
      access_tokens: sql`SELECT id FROM access_tokens WHERE principal_id = ${who.id}::uuid`,
    };
    return (await one.db.first<{ id: string }>(statement[table]))?.id as string;
  };

  const ways: Record<string, Way> = {
    'a grant': {
      open: async (who, model) => {
        await one.make.grant(who, model, 'EXECUTE');
        const id = globalId('Grant', await idOf('grants', who));
        return { close: [`grantRevoke(input: { grantId: "${id}" })`], reopen: [grant(who, model)] };
      },
    },
    'a membership of a nested group': {
      open: async (who, model) => {
        const inner = await one.make.group([who]);
        const outer = await one.make.group([inner]);
        await one.make.grant(outer, model, 'EXECUTE');
        return { close: [member('Remove', outer, inner)], reopen: [member('Add', outer, inner)] };
      },
    },
    'a group': {
      open: async (who, model) => {
        const group = await one.make.group([who]);
        await one.make.grant(group, model, 'EXECUTE');
        return {
          close: [`principalDelete(input: { name: "${group.name}" })`],
          reopen: [`groupCreate(input: { name: "${group.name}" })`, member('Add', group, who), grant(group, model)],
        };
      },
    },
    'an enabled user': {
      open: async (who, model) => {
        await one.make.grant(who, model, 'EXECUTE');
        const input = `(input: { name: "${who.name}" })`;
        return { close: [`principalDisable${input}`], reopen: [`principalEnable${input}`] };
      },
    },
    'the ownership of a model': {
      open: async (who, model) => {
        await one.db.execute(sql`UPDATE securables SET owner_id = ${who.id}::uuid WHERE id = ${model.id}::uuid`);
        await one.db.execute(sql`UPDATE access_version SET version = version + 1`);
        return { close: [owner(model, root)], reopen: [owner(model, who)] };
      },
    },
    'a valid token': {
      open: async (who, model) => {
        await one.make.grant(who, model, 'EXECUTE');
        const id = globalId('AccessToken', await idOf('access_tokens', who));
        return { close: [`accessTokenRevoke(input: { accessTokenId: "${id}" })`], reopen: [] };
      },
    },
  };

  const probes: Record<string, (t: TestApp, token: string, model: Securable) => Promise<boolean>> = {
    GraphQL: async (t, token, { fullName }) => {
      const query = `{ model(fullName: "${fullName}") { name } models(first: 100) { totalCount nodes { fullName } } }`;
      const { data } = await graphql(t, token, query);
      const listed = data?.models.nodes.some((node: { fullName: string }) => node.fullName === fullName) ?? false;
      const seen = data?.model != null;
      expect(listed).toBe(seen);
      expect(data?.models.totalCount ?? 0).toBe(seen ? 1 : 0);
      return seen;
    },
    'MLflow REST': async (t, token, { fullName }) => {
      const { status } = await t.call('GET', `/api/2.0/mlflow/registered-models/get?name=${fullName}`, { token });
      expect([200, 401, 404]).toContain(status);
      return status === 200;
    },
  };

  async function carryOut(mutations: string[]): Promise<void> {
    for (const mutation of mutations) {
      const { data } = await graphql(one, root.token, `mutation { it: ${mutation} { errors { message } } }`);
      expect(data.it.errors).toEqual([]);
    }
  }

  async function world(way: Way) {
    const who = await one.make.user();
    const model = await one.make.securable('REGISTERED_MODEL', `prod.fraud.m${++models}`, root);
    return { who, model, ...(await way.open(who, model)) };
  }

  describe.each(Object.keys(probes))('on one process, over %s', (surface) => {
    const sees = probes[surface] as (typeof probes)[string];

    it.each(Object.keys(ways))('acts on the next request to another process: %s', async (name) => {
      const { who, model, close, reopen } = await world(ways[name] as Way);
      // Twice: the second request is answered from what the process keeps.
      for (const t of [one, other, one, other]) expect(await sees(t, who.token, model)).toBe(true);
      await carryOut(close);
      expect(await sees(other, who.token, model)).toBe(false);
      expect(await sees(one, who.token, model)).toBe(false);
      if (reopen.length === 0) return;
      expect(await sees(other, who.token, model)).toBe(false);
      await carryOut(reopen);
      expect(await sees(other, who.token, model)).toBe(true);
      expect(await sees(one, who.token, model)).toBe(true);
    });

    it('acts for the new owner too', async () => {
      const { who, model } = await world(ways['the ownership of a model'] as Way);
      const heir = await one.make.user();
      for (const t of [one, other]) expect(await sees(t, heir.token, model)).toBe(false);
      await carryOut([owner(model, heir)]);
      expect(await sees(other, heir.token, model)).toBe(true);
      expect(await sees(other, who.token, model)).toBe(false);
    });

    it('needs no change when a grant expires', async () => {
      const { who, model } = await world(ways['a grant'] as Way);
      const version = async () =>
        (await one.db.first<{ version: number }>(sql`SELECT version FROM access_version`))?.version;
      await one.db.execute(
        sql`UPDATE grants SET expires_at = now() + interval '4 seconds' WHERE principal_id = ${who.id}::uuid`,
      );
      await one.db.execute(sql`UPDATE access_version SET version = version + 1`);
      const before = await version();
      for (const t of [one, other]) expect(await sees(t, who.token, model)).toBe(true);
      await eventually(async () => {
        const { over } = (await one.db.first<{ over: boolean }>(
          sql`SELECT expires_at <= now() AS over FROM grants WHERE principal_id = ${who.id}::uuid`,
        )) as { over: boolean };
        return over;
      });
      for (const t of [one, other]) expect(await sees(t, who.token, model)).toBe(false);
      expect(await version()).toBe(before);
    });
  });
});
