// Runs a command with DATABASE_URL: the given one, or that of a temporary embedded PostgreSQL.
//   node scripts/with-database.mjs node prisma/migrate.mjs check
import { startEmbeddedPostgres } from './lib/embedded-postgres.mjs';
import { exitCodeOf } from './lib/setup.mjs';

const [command, ...args] = process.argv.slice(2);
if (!command) {
  console.error('usage: node scripts/with-database.mjs COMMAND [ARGUMENT …]');
  process.exit(2);
}
const embedded = process.env.DATABASE_URL ? undefined : await startEmbeddedPostgres({ temporary: true });
const code = await exitCodeOf(command, args, embedded && { DATABASE_URL: embedded.url });
await embedded?.stop();
process.exit(code);
