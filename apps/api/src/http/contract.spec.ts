import { Readable } from 'node:stream';
import { currentContext, type RequestContext, runInContext } from '@app/platform';
import fastify, { type FastifyInstance } from 'fastify';
import { BrokenContract, registerContract, underContract } from './contract.js';
import type { Declaration } from './requires.js';

const ask = (question: string) => currentContext()?.asked?.add(question);
const secret = 'what nobody asked for';

describe('a route', () => {
  let server: FastifyInstance;
  let failures: unknown[];
  beforeAll(async () => {
    server = fastify();
    server.addHook('onRequest', async (request) => {
      request.context = { requestId: 'test', address: null, caller: null, memo: {} };
    });
    server.addHook('preHandler', (request, _reply, done) => runInContext(request.context as RequestContext, done));
    registerContract(server);
    server.setErrorHandler((error, _request, reply) => {
      failures.push(error);
      return reply.status(500).send({ code: 'INTERNAL' });
    });
    const route = (url: string, privileges: Declaration | undefined, handler: () => unknown) =>
      server.get(url, { config: { privileges } as object }, async (_request, reply) => {
        const answer = handler();
        return answer === undefined ? reply.send(secret) : answer;
      });
    route('/undeclared', undefined, () => secret);
    route('/health', undefined, () => 'OK');
    route('/open', { open: 'all know it' }, () => 'known');
    route('/asks', { questions: ['MANAGE', 'EXECUTE'] }, () => ask('EXECUTE') && 'asked');
    route('/asks-other', { questions: ['MANAGE'] }, () => ask('DISCOVER') && secret);
    route('/asks-nothing', { questions: ['EXECUTE'] }, () => secret);
    route('/sends-by-itself', { questions: ['EXECUTE'] }, () => undefined);
    route('/streams', { questions: ['EXECUTE'] }, () => Readable.from([secret]));
    await server.ready();
  });
  beforeEach(() => {
    failures = [];
  });
  afterAll(() => server.close());

  it.each(['/health', '/open', '/asks'])('%s answers', async (url) => {
    expect((await server.inject(url)).statusCode).toBe(200);
    expect(failures).toEqual([]);
  });

  it.each([
    ['/undeclared', 'GET /undeclared declares no privileges'],
    ['/asks-other', 'GET /asks-other would answer, and has asked for none of MANAGE'],
    ['/asks-nothing', 'GET /asks-nothing would answer'],
    ['/sends-by-itself', 'GET /sends-by-itself would answer'],
    ['/streams', 'GET /streams would answer'],
  ])('%s is refused before a byte has left', async (url, message) => {
    const answer = await server.inject(url);
    expect([answer.statusCode, answer.json()]).toEqual([500, { code: 'INTERNAL' }]);
    expect(answer.body).not.toContain(secret);
    expect(failures).toEqual([expect.objectContaining({ message: expect.stringContaining(message) })]);
    expect(failures[0]).toBeInstanceOf(BrokenContract);
  });

  it('leaves a route that does not exist to be not found', async () => {
    expect((await server.inject('/nothing')).statusCode).toBe(404);
  });

  it('stands in the list of operations', () => {
    expect(server.operations).toContainEqual({ method: 'GET', url: '/undeclared', declaration: undefined });
    expect(server.operations).toContainEqual({ method: 'HEAD', url: '/open', declaration: { open: 'all know it' } });
  });
});

describe('a part of a request', () => {
  const request = (): RequestContext => ({
    requestId: 'test',
    address: null,
    caller: null,
    memo: {},
    asked: new Set<string>(),
  });
  const part = (declaration: Declaration, work: () => unknown) => underContract(declaration, 'Type.field', work);

  it('answers nothing without a question', async () => {
    for (const nothing of [null, undefined, []]) {
      expect(await runInContext(request(), () => part({ questions: ['READ'] }, () => nothing))).toEqual(nothing);
    }
  });

  it('must ask itself: what another part asked does not count', async () => {
    const parts = runInContext(request(), async () => {
      await part({ questions: ['READ'] }, () => ask('READ') && 'first');
      return part({ questions: ['READ'] }, () => 'second');
    });
    await expect(parts).rejects.toThrow('Type.field would answer, and has asked for none of READ');
  });

  it('inherits what was asked for what it hangs on, and nothing else', async () => {
    const inherits: Declaration = { inherited: ['READ'] };
    const answer = runInContext(request(), async () => {
      await part({ questions: ['READ'] }, () => ask('READ') && 'parent');
      return part(inherits, () => 'child');
    });
    expect(await answer).toBe('child');
    await expect(runInContext(request(), () => part(inherits, () => 'child'))).rejects.toThrow(BrokenContract);
  });
});
