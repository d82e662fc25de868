// npm test: everything from a fresh clone on, then Jest on a real PostgreSQL. Arguments go to Jest:
//   npm test -- libs/access
import { exitCodeOf, prepare } from './lib/setup.mjs';

await prepare();
process.exit(await exitCodeOf(process.execPath, ['node_modules/jest/bin/jest.js', ...process.argv.slice(2)]));
