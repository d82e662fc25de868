import { readFileSync } from 'node:fs';
import { privileges as knownPrivileges, ruleOf, securableKinds } from '@app/access';
import { exitCodes } from '../cli-error.js';
import { accessFileJsonSchema } from './access-file.schema.js';
import { readAccessFiles } from './read.js';
import { grantablePrivileges } from './securable-kind.js';

describe('the format of the access file', () => {
  it('knows where each privilege can be granted, as the server does', () => {
    const byServer = Object.fromEntries(
      securableKinds.map((kind) => [kind, knownPrivileges.filter((one) => ruleOf(one).on.includes(kind)).sort()]),
    );
    const here = Object.fromEntries(
      Object.entries(grantablePrivileges).map(([kind, words]) => [kind, [...words].sort()]),
    );
    expect(here).toEqual(byServer);
  });

  it('is in docs/access.schema.json as the tool prints it: npm run imprimatur -s -- apply --print-schema', () => {
    expect(JSON.parse(readFileSync('docs/access.schema.json', 'utf8'))).toEqual(accessFileJsonSchema());
  });
});

describe('docs/cli.md', () => {
  const page = readFileSync('docs/cli.md', 'utf8');

  it('shows access files that are right', () => {
    const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text as string);
    expect(examples.map((text) => readAccessFiles([{ file: 'docs/cli.md', text }]).mode)).toEqual(['authoritative']);
  });

  it('has every exit code', () => {
    const rows = [...page.matchAll(/^\| (\d+) \| `(\w+)` \|/gm)].map(([, code, name]) => [name, Number(code)]);
    expect(Object.fromEntries(rows)).toEqual(exitCodes);
  });
});
