import { GraphQLSchemaHost } from '@nestjs/graphql';
import { accessRows } from './access-rows.js';
import type { Rows } from './case.js';
import { governanceRows } from './governance-rows.js';
import { promotionRows } from './promotion-rows.js';
import { registryRows } from './registry-rows.js';
import { walk } from './walk.js';
import { createWalkWorld, type WalkWorld } from './world.js';

const rows: Rows = { ...accessRows, ...registryRows, ...promotionRows, ...governanceRows };

/** Every change has its event, and every refusal: one for each, and no other. */
describe('the audit trail of mutations', () => {
  let w: WalkWorld;
  beforeAll(async () => {
    w = await createWalkWorld();
  });
  afterAll(() => w.close());

  it('has a row for each that there is', () => {
    const { schema } = w.t.app.get(GraphQLSchemaHost);
    expect(Object.keys(rows).sort()).toEqual(Object.keys(schema.getMutationType()?.getFields() ?? {}).sort());
  });

  it.each(Object.entries(rows))('%s', async (name, row) => {
    const given = await row(w);
    await walk(w, given, (who, requestId) => w.mutate(name, given.input, who, requestId));
  });
});
