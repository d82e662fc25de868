import { ConsoleLogger, type LoggerService } from '@nestjs/common';
import pino, { type Logger } from 'pino';
import { currentContext } from '../context/request-context.js';

/** JSON lines on stdout, each with the request id and the principal that it belongs to. ERROR means that somebody must act. */
export function createLogger(level: string, app: string): Logger {
  return pino({
    level,
    base: { app },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    mixin: () => {
      const context = currentContext();
      return context ? { requestId: context.requestId, principal: context.caller?.name } : {};
    },
    redact: ['req.headers.authorization', 'token', 'password'],
  });
}

/** Nest's own messages on the same lines; its start-up chatter is debug. */
export class NestLogger extends ConsoleLogger implements LoggerService {
  constructor(private readonly logger: Logger) {
    super();
  }

  override log(message: unknown, ...rest: unknown[]): void {
    this.logger.debug({ context: rest.at(-1) }, String(message));
  }
  override debug(message: unknown, ...rest: unknown[]): void {
    this.logger.debug({ context: rest.at(-1) }, String(message));
  }
  override verbose(message: unknown, ...rest: unknown[]): void {
    this.logger.trace({ context: rest.at(-1) }, String(message));
  }
  override warn(message: unknown, ...rest: unknown[]): void {
    this.logger.warn({ context: rest.at(-1) }, String(message));
  }
  override error(message: unknown, ...rest: unknown[]): void {
    const stack = message instanceof Error ? message.stack : rest.find((item) => String(item).includes('\n    at '));
    this.logger.error({ context: rest.at(-1), stack }, message instanceof Error ? message.message : String(message));
  }
}
