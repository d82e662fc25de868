// The house's floors, ground first (docs/architecture.md). A lib may import only libs that stand on a lower floor.
const FLOORS = [
  ['platform'],
  ['access', 'outbound'],
  ['audit'],
  ['identity', 'namespace', 'policy', 'artifacts', 'signing', 'webhook'],
  ['registry', 'tracking', 'transparency'],
  ['gates', 'history'],
  ['promotion'],
  ['notification', 'lineage'],
  ['dossier'],
];
const lib = (names) => `^libs/(${names.join('|')})/src/`;
const floorRules = FLOORS.flatMap((names, floor) =>
  names.map((name) => {
    const notBelow = FLOORS.slice(floor)
      .flat()
      .filter((other) => other !== name);
    return (
      notBelow.length > 0 && {
        name: `floor-${floor + 1}-${name}`,
        severity: 'error',
        from: { path: lib([name]), pathNot: '\\.spec\\.ts$' },
        to: { path: lib(notBelow) },
      }
    );
  }),
).filter(Boolean);

const notTests = '\\.(spec|e2e-spec)\\.ts$';

module.exports = {
  forbidden: [
    ...floorRules,
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: `${notTests}|main\\.ts$` }, to: {} },
    {
      name: 'lib-through-its-door',
      severity: 'error',
      from: { path: '^(libs/([^/]+)|apps/[^/]+)/', pathNot: notTests },
      to: { path: '^libs/([^/]+)/src/.+', pathNot: ['^libs/[^/]+/src/index\\.ts$', '^libs/$2/'] },
    },
    { name: 'libs-know-no-app', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    {
      name: 'apps-know-no-app',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      // The command-line tool is a client like any other: it knows the API, and nothing behind it.
      name: 'cli-knows-no-library',
      severity: 'error',
      from: { path: '^apps/cli/', pathNot: notTests },
      to: { path: '^libs/' },
    },
    {
      name: 'code-knows-no-tests',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: notTests },
      to: { path: '^test/' },
    },
    {
      name: 'libs-know-no-transport',
      severity: 'error',
      from: { path: '^libs/(?!platform/)' },
      to: { path: 'node_modules/(@nestjs/graphql|@nestjs/apollo|@apollo|graphql|fastify|bullmq)/' },
    },
    {
      name: 'only-access-knows-casl',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: '^libs/access/' },
      to: { path: 'node_modules/@casl' },
    },
    {
      name: 'only-repositories-know-prisma',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: '^libs/platform/' },
      to: { path: 'generated/|node_modules/@prisma' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'database/generated' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
