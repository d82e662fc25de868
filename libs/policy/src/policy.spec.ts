import { InvalidArgument } from '@app/platform';
import { parsePolicyRules, policyName, protects } from './policy.js';

const protectedTargets = { protects: { aliases: ['champion'] } };
const threshold = (config: unknown) => ({
  ...protectedTargets,
  gates: [{ key: 'auc', type: 'METRIC_THRESHOLD', config }],
});

function refusal(rules: unknown): InvalidArgument {
  try {
    parsePolicyRules(rules);
  } catch (error) {
    if (error instanceof InvalidArgument) return error;
  }
  throw new Error('the rules were not refused');
}

describe('parsePolicyRules', () => {
  it('fills in what is left out', () => {
    const rules = parsePolicyRules({
      ...protectedTargets,
      gates: [{ key: 'files', type: 'ARTIFACT_INTEGRITY' }],
    });
    expect(rules).toEqual({
      protects: { stages: [], aliases: ['champion'] },
      gates: [
        {
          key: 'files',
          type: 'ARTIFACT_INTEGRITY',
          config: { requiredPaths: [], forbiddenPaths: [] },
          required: true,
          timeoutSeconds: 600,
          attempts: 3,
        },
      ],
      approvals: [],
      rollback: { gates: 'INTEGRITY', approvals: null },
      separationOfDuties: { requester: true, versionCreator: true, runUser: true },
      waitSeconds: 0,
      expiresAfterSeconds: null,
      archiveIncumbent: true,
      dismissStaleDecisions: true,
      dryRun: false,
    });
  });

  it.each([
    ['a threshold without a bound', threshold({ metric: 'auc' }), 'rules.gates.0.config'],
    ['a minimum above the maximum', threshold({ metric: 'auc', min: 2, max: 1 }), 'rules.gates.0.config'],
    ['an unknown key of a configuration', threshold({ metric: 'auc', min: 1, mim: 2 }), 'rules.gates.0.config.mim'],
    ['an unknown key of the rules', { ...protectedTargets, gate: [] }, 'rules.gate'],
    ['an unknown type of gate', { ...protectedTargets, gates: [{ key: 'x', type: 'VIBES' }] }, 'rules.gates.0.type'],
    ['the stage None', { protects: { stages: ['None'] } }, 'rules.protects.stages.0'],
    ['a pattern that is no alias', { protects: { aliases: ['a b'] } }, 'rules.protects.aliases.0'],
    ['nothing to protect', { protects: {} }, 'rules.protects'],
    [
      'two gates with one key',
      { ...threshold({ metric: 'a', min: 1 }), gates: ['A', 'a'].map((key) => ({ key, type: 'SIGNATURE' })) },
      'rules.gates',
    ],
    [
      'an approval rule for nobody',
      { ...protectedTargets, approvals: [{ name: 'x', count: 1, principalIds: [] }] },
      'rules.approvals.0.principalIds',
    ],
    [
      'a count of 0',
      {
        ...protectedTargets,
        approvals: [{ name: 'x', count: 0, principalIds: ['00000000-0000-7000-8000-000000000001'] }],
      },
      'rules.approvals.0.count',
    ],
    [
      'a time limit of 0',
      { ...protectedTargets, gates: [{ key: 'x', type: 'SIGNATURE', timeoutSeconds: 0 }] },
      'rules.gates.0.timeoutSeconds',
    ],
    [
      '11 attempts',
      { ...protectedTargets, gates: [{ key: 'x', type: 'SIGNATURE', attempts: 11 }] },
      'rules.gates.0.attempts',
    ],
    [
      'a path out of the version',
      {
        ...protectedTargets,
        gates: [{ key: 'x', type: 'ARTIFACT_INTEGRITY', config: { requiredPaths: ['a/../../b'] } }],
      },
      'rules.gates.0.config.requiredPaths.0',
    ],
    ['no object', 'strict', 'rules'],
  ])('refuses %s, with the path', (_what, rules, path) => {
    const error = refusal(rules);
    expect(error.path?.join('.')).toBe(path);
    expect(error.message).toContain(path);
  });
});

describe('the configuration of a gate', () => {
  const gate = (type: string, config?: unknown) => ({ ...protectedTargets, gates: [{ key: 'x', type, config }] });
  const regression = { metric: 'auc', direction: 'HIGHER_IS_BETTER' };

  it.each([
    ['SIGNATURE', { requiredParts: [], compatibleWithIncumbent: true }],
    ['MODEL_CARD', { minDescriptionLength: 1, tags: [], sections: [] }],
    ['LINEAGE', { run: true, dataset: true, sourceCommit: true }],
    ['ARTIFACT_INTEGRITY', { requiredPaths: [], forbiddenPaths: [] }],
    ['ARTIFACT_SCAN', { allow: [], deny: [], unknownFormats: 'FAIL', maxUnpackedBytes: 16 * 2 ** 30 }],
  ])('of %s has defaults for everything', (type, config) => {
    expect(parsePolicyRules(gate(type)).gates[0]?.config).toEqual(config);
  });

  it('of METRIC_REGRESSION takes 0 as an allowance', () => {
    const config = { ...regression, maxAbsolute: 0 };
    expect(parsePolicyRules(gate('METRIC_REGRESSION', config)).gates[0]?.config).toEqual({
      ...config,
      sameDataset: true,
      withoutIncumbent: 'PASS',
    });
  });

  it.each<[string, string, unknown, string, string]>([
    ['METRIC_REGRESSION', 'without an allowance', regression, 'config', 'needs maxAbsolute, or maxRelative'],
    [
      'METRIC_REGRESSION',
      'without a direction',
      { metric: 'auc', maxAbsolute: 0 },
      'config.direction',
      'HIGHER_IS_BETTER',
    ],
    [
      'METRIC_REGRESSION',
      'with a negative allowance',
      { ...regression, maxAbsolute: -1 },
      'config.maxAbsolute',
      '-1 is not valid',
    ],
    [
      'METRIC_REGRESSION',
      'with a percentage',
      { ...regression, maxRelative: 5 },
      'config.maxRelative',
      '5 is not valid',
    ],
    [
      'METRIC_REGRESSION',
      'with another word',
      { ...regression, maxAbsolute: 0, withoutIncumbent: 'SKIP' },
      'config.withoutIncumbent',
      '"SKIP" is not valid',
    ],
    [
      'SIGNATURE',
      'with a part that is none',
      { requiredParts: ['input'] },
      'config.requiredParts.0',
      '"input" is not valid',
    ],
    ['MODEL_CARD', 'that asks for nothing', { minDescriptionLength: 0 }, 'config', 'asks for nothing'],
    ['MODEL_CARD', 'with an empty heading', { sections: [' '] }, 'config.sections.0', ''],
    [
      'LINEAGE',
      'that asks for nothing',
      { run: false, dataset: false, sourceCommit: false },
      'config',
      'asks for nothing',
    ],
    [
      'ARTIFACT_INTEGRITY',
      'that contradicts itself',
      { requiredPaths: ['a'], forbiddenPaths: ['a'] },
      'config',
      'required and forbidden',
    ],
    [
      'ARTIFACT_SCAN',
      'that allows a module',
      { allow: ['os'] },
      'config.allow.0',
      '"os" is not valid: must be module:name',
    ],
    ['ARTIFACT_SCAN', 'that allows everything', { allow: ['*:*'] }, 'config.allow.0', 'must name a module'],
    ['ARTIFACT_SCAN', 'with another word', { unknownFormats: 'PASS' }, 'config.unknownFormats', '"PASS" is not valid'],
  ])('of %s is refused %s', (type, _what, config, path, message) => {
    const error = refusal(gate(type, config));
    expect(error.path?.join('.')).toBe(`rules.gates.0.${path}`);
    expect(error.message).toContain(message);
  });
});

describe('protects', () => {
  const rules = parsePolicyRules({ protects: { stages: ['Production'], aliases: ['champion', 'prod-*', '*-eu-*x'] } });
  const alias = (name: string) => protects(rules, { kind: 'ALIAS', name });

  it.each(['champion', 'Champion', 'prod-', 'PROD-eu', 'a-eu-bx', '-eu-x', 'a-eu-eu-xx'])('names %s', (name) => {
    expect(alias(name)).toBe(true);
  });

  it.each(['champion2', 'xchampion', 'prod', 'a-eu-b', 'eu-x', 'a-eux'])('does not name %s', (name) => {
    expect(alias(name)).toBe(false);
  });

  it('tells stages from aliases', () => {
    expect(protects(rules, { kind: 'STAGE', name: 'Production' })).toBe(true);
    expect(protects(rules, { kind: 'STAGE', name: 'Staging' })).toBe(false);
    expect(alias('Production')).toBe(false);
  });

  it('answers a pattern of many stars at once', () => {
    const stars = parsePolicyRules({ protects: { aliases: ['*a'.repeat(100)] } });
    expect(protects(stars, { kind: 'ALIAS', name: `${'a'.repeat(250)}b` })).toBe(false);
  });
});

describe('policyName', () => {
  it.each(['', ' prod', 'a/b', 'x'.repeat(64)])('refuses "%s"', (name) => {
    expect(() => policyName(name)).toThrow(/^name: /);
  });
});
