import { TransactionalPool } from '@app/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** Notes the text of every statement that an app sends to its pool, until it is stopped. */
export function countStatements(app: NestFastifyApplication): { stop(): string[] } {
  const query = jest.spyOn(app.get(TransactionalPool, { strict: false }), 'query');
  return {
    stop: () => {
      const texts = query.mock.calls.map(([asked]) => (typeof asked === 'string' ? asked : asked.text));
      query.mockRestore();
      return texts;
    },
  };
}
