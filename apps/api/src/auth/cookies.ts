import { Config } from '@app/platform';
import type { CookieSerializeOptions } from '@fastify/cookie';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

type Cookie = 'session' | 'login';

/**
 * The two secrets that a browser keeps for us: its session, and while it signs in, what tells that it began there. No
 * script reads them, and no other site's request but a link carries them. Over HTTPS their names begin with `__Host-`: then
 * no other host, a subdomain included, can set them (RFC 6265bis, section 4.1.3.2).
 */
@Injectable()
export class Cookies {
  private readonly options: CookieSerializeOptions;
  private readonly prefix: string;

  constructor({ publicUrl }: Config) {
    const secure = publicUrl.startsWith('https:');
    this.options = { httpOnly: true, sameSite: 'lax', path: '/', secure };
    this.prefix = secure ? '__Host-' : '';
  }

  read(request: FastifyRequest, cookie: Cookie): string | undefined {
    return request.cookies[this.nameOf(cookie)] || undefined;
  }

  /** @param maxAge in seconds; when absent, until the browser is closed: the service ends it earlier */
  write(reply: FastifyReply, cookie: Cookie, secret: string, maxAge?: number): void {
    void reply.setCookie(this.nameOf(cookie), secret, { ...this.options, maxAge });
  }

  clear(reply: FastifyReply, cookie: Cookie): void {
    void reply.clearCookie(this.nameOf(cookie), this.options);
  }

  private nameOf(cookie: Cookie): string {
    return `${this.prefix}imprimatur_${cookie}`;
  }
}
