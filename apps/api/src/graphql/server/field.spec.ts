import { HiddenObject, PermissionDenied, type Refusal } from '@app/access';
import type { RefusalLog } from '@app/audit';
import { currentContext, InvalidArgument, runInContext, SeveralFailures } from '@app/platform';
import { buildSchema, defaultFieldResolver, execute, type GraphQLObjectType, parse } from 'graphql';
import { type Declaration, declarationKey } from '../../http/requires.js';
import { Fields } from './field.js';

const refusal: Refusal = {
  privilege: 'EXECUTE',
  object: { id: '1', kind: 'REGISTERED_MODEL', fullName: 'a.b.c', catalogId: null, schemaId: null },
};
const hidden = new HiddenObject('Registered model', 'a.b.c', refusal);
const denied = new PermissionDenied(refusal, { missing: [], obstacle: null });
const ask = (question: string) => currentContext()?.asked?.add(question);
const fail = (error: Error) => () => {
  throw error;
};

const sdl = `
  type Query { thing: Thing, things: [Thing!]!, undeclared: String, forgets: Thing, loses: Thing, refused: Thing, needed: Thing! }
  type Mutation { change: Payload!, fails: Payload!, several: Payload!, forgetful: Payload! }
  type Thing { name: String, part: Thing, inherited: String, undeclared: String }
  type Payload { name: String, clientMutationId: String, errors: [UserError!]! }
  type UserError { code: String! }
`;

/** A schema as Nest hands it over: resolvers by type and field, declarations in the fields' extensions. */
function schemaOf(types: Record<string, Record<string, [Declaration | undefined, () => unknown]>>, notes: unknown[]) {
  const schema = buildSchema(sdl);
  const refusals = { note: (error: unknown) => notes.push(error) } as unknown as RefusalLog;
  for (const [name, fields] of Object.entries(types)) {
    const resolvers = Object.fromEntries(Object.entries(fields).map(([field, [, resolve]]) => [field, resolve]));
    const wrapped = new Fields(refusals).wrap({ [name]: resolvers }) as Record<string, Record<string, () => unknown>>;
    for (const [field, config] of Object.entries((schema.getType(name) as GraphQLObjectType).getFields())) {
      config.resolve = wrapped[name]?.[field] ?? defaultFieldResolver;
      config.extensions = { [declarationKey]: fields[field]?.[0] };
    }
  }
  return schema;
}

describe('a field', () => {
  const executes: Declaration = { questions: ['EXECUTE'] };
  let notes: unknown[];
  const run = async (document: string) => {
    notes = [];
    const schema = schemaOf(
      {
        Query: {
          thing: [executes, () => ask('EXECUTE') && { name: 'thing' }],
          undeclared: [undefined, () => 'secret'],
          forgets: [executes, () => ({ name: 'secret' })],
          loses: [executes, fail(hidden)],
          refused: [executes, fail(denied)],
          needed: [executes, fail(hidden)],
        },
        Mutation: {
          change: [executes, () => ask('EXECUTE') && { name: 'changed' }],
          forgetful: [executes, () => ({ name: 'secret' })],
          fails: [executes, fail(denied)],
          several: [executes, fail(new SeveralFailures([denied, new InvalidArgument('x: wrong')]))],
        },
        Thing: {
          part: [executes, fail(denied)],
          inherited: [{ inherited: ['EXECUTE'] }, () => 'inherited'],
          undeclared: [undefined, () => 'secret'],
        },
      },
      notes,
    );
    const context = { requestId: 'test', address: null, caller: null, memo: {}, asked: new Set<string>() };
    const answer = await runInContext(context, () => execute({ schema, document: parse(document) }));
    return JSON.parse(JSON.stringify(answer));
  };

  it('answers what it asked for', async () => {
    expect(await run('{ thing { name inherited } }')).toEqual({
      data: { thing: { name: 'thing', inherited: 'inherited' } },
    });
  });

  it.each([
    ['{ undeclared }', 'Query.undeclared declares no privileges'],
    ['{ forgets { name } }', 'Query.forgets would answer'],
    ['mutation { forgetful { name errors { code } } }', 'Mutation.forgetful would answer'],
    ['{ thing { undeclared } }', 'Thing.undeclared declares no privileges'],
  ])('%s is refused', async (document, message) => {
    const answer = await run(document);
    expect(answer.errors).toMatchObject([{ message: expect.stringContaining(message) }]);
    expect(JSON.stringify(answer.data)).not.toContain('secret');
  });

  it('is null for what is hidden, where it may be, and the refusal is noted', async () => {
    expect(await run('{ loses { name } }')).toEqual({ data: { loses: null } });
    expect(notes).toEqual([hidden]);
    expect((await run('{ needed { name } }')).errors).toHaveLength(1);
    expect((await run('{ refused { name } }')).errors).toHaveLength(1);
    expect(notes).toEqual([denied]);
  });

  it('of an object that is shown leaves out what its viewer lacks a privilege for, and notes it', async () => {
    expect(await run('{ thing { name part { name } } }')).toEqual({ data: { thing: { name: 'thing', part: null } } });
    expect(notes).toEqual([denied]);
  });

  it('of Mutation tells expected failures in its payload, all of them', async () => {
    expect(await run('mutation { fails { name errors { code } } }')).toEqual({
      data: { fails: { name: null, errors: [{ code: 'MISSING_PRIVILEGE' }] } },
    });
    const { data } = await run('mutation { several { errors { code } } }');
    expect(data.several.errors).toEqual([{ code: 'MISSING_PRIVILEGE' }, { code: 'INVALID_ARGUMENT' }]);
    expect(notes).toContain(denied);
    expect((await run('mutation { change { name errors { code } } }')).data.change).toEqual({
      name: 'changed',
      errors: [],
    });
  });

  it('that is no function is no field that can be held', () => {
    const refusals = { note: () => undefined } as unknown as RefusalLog;
    expect(() => new Fields(refusals).wrap({ Query: { event: 'a value' } })).toThrow('event: ');
  });

  it('of a subscription is held when it begins, and for each event', () => {
    const refusals = { note: () => undefined } as unknown as RefusalLog;
    const [subscribe, resolve] = [() => null, () => null];
    const { Subscription } = new Fields(refusals).wrap({ Subscription: { event: { subscribe, resolve } } }) as {
      Subscription: { event: { subscribe: unknown; resolve: unknown } };
    };
    expect(Object.keys(Subscription.event)).toEqual(['subscribe', 'resolve']);
    expect(Subscription.event.subscribe).not.toBe(subscribe);
    expect(Subscription.event.resolve).not.toBe(resolve);
  });
});
