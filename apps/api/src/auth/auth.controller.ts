import { Access, type Principal } from '@app/access';
import { Logins, Principals, Sessions } from '@app/identity';
import { FailedPrecondition, InvalidArgument, type Narrowing } from '@app/platform';
import { Controller, Get, Header, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FailedAuthentications } from '../http/failed-authentications.js';
import { Open } from '../http/requires.js';
import { Cookies } from './cookies.js';

const tenMinutes = 600;

/** Who the caller is, for the console. */
interface SessionAnswer {
  principal: Pick<Principal, 'id' | 'kind' | 'name' | 'displayName'>;
  /** When the session ends at the latest; null: the request came with a token. */
  expiresAt: Date | null;
  narrowing: Narrowing | null;
}

/** How a browser signs in at an OpenID Connect issuer, and out. */
@Controller('auth')
export class AuthController {
  constructor(
    private readonly access: Access,
    private readonly cookies: Cookies,
    private readonly failures: FailedAuthentications,
    private readonly logins: Logins,
    private readonly principals: Principals,
    private readonly sessions: Sessions,
  ) {}

  /** Public: sends the browser to the issuer. `?returnTo=/path&issuer=…`, both optional. */
  @Header('cache-control', 'no-store')
  @Get('login')
  async login(
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const input = { returnTo: once(query, 'returnTo'), issuer: once(query, 'issuer') };
    await this.failures.admitLogin(request, reply);
    const { location, browser } = await this.logins.begin(input, this.cookies.read(request, 'login'));
    this.cookies.write(reply, 'login', browser, tenMinutes);
    await reply.redirect(location, 302);
  }

  /** Public: where the issuer sends the browser back to. */
  @Header('cache-control', 'no-store')
  @Get('callback')
  async callback(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = request.url.split('?').slice(1).join('?');
    const { caller, returnTo } = await this.failures.guard(request, reply, null, () =>
      this.logins.complete(query, this.cookies.read(request, 'login')),
    );
    this.cookies.write(reply, 'session', await this.sessions.begin(caller, this.cookies.read(request, 'session')));
    await reply.redirect(returnTo, 303);
  }

  @Open('everybody may end his own session')
  @HttpCode(204)
  @Header('cache-control', 'no-store')
  @Post('logout')
  async logout(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const secret = this.sessionOf(request);
    if (!secret) {
      throw new FailedPrecondition(
        'NO_SESSION',
        'there is no session to end: the request came with a token, which is revoked instead',
      );
    }
    await this.sessions.end(secret);
    this.cookies.clear(reply, 'session');
  }

  @Open('who the caller is himself')
  @Header('cache-control', 'no-store')
  @Get('session')
  async session(@Req() request: FastifyRequest): Promise<SessionAnswer> {
    const caller = this.access.caller();
    const { id, kind, name, displayName } = await this.principals.get(caller.id);
    const secret = this.sessionOf(request);
    const expiresAt = (secret && (await this.sessions.expiryOf(secret))) || null;
    return { principal: { id, kind, name, displayName }, expiresAt, narrowing: caller.narrowing ?? null };
  }

  /** The session that the request came by: a token beside it counts first (http/request-context.ts). */
  private sessionOf(request: FastifyRequest): string | undefined {
    return request.headers.authorization ? undefined : this.cookies.read(request, 'session');
  }
}

function once(query: Record<string, unknown>, name: string): string | undefined {
  const value = query[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new InvalidArgument(`${name}: must be given once`, [name]);
}
