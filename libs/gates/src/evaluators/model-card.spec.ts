import type { GateConfig } from '@app/policy';
import { artifactFile, gateInput } from '../../../../test/support/gate-input.js';
import { lineage } from './lineage.js';
import { modelCard } from './model-card.js';

const card = `# Fraud scorer

## Intended use
Finds fraud in card payments.

Limitations
-----------

### Known *biases*!

- none was looked for

## Contact
<!-- to be written -->

## Code
\`\`\`
## Monitoring
text
\`\`\`
`;
const asked = (change: Partial<GateConfig<'MODEL_CARD'>>) => ({
  minDescriptionLength: 0,
  tags: [],
  sections: [],
  ...change,
});

describe('MODEL_CARD', () => {
  const written = (
    texts: { version?: string; model?: string; file?: string },
    tags: { key: string; value: string }[] = [],
  ) =>
    gateInput({
      card: async () => ({ versionDescription: texts.version ?? null, modelDescription: texts.model ?? null, tags }),
      recordedFiles: async () => (texts.file === undefined ? [] : [artifactFile('README.md')]),
      text: async () => texts.file,
    });

  it.each([
    ['the version', { version: card }],
    ['the model', { model: card }],
    ['a file', { file: card }],
  ])('finds sections in what %s says', async (_where, texts) => {
    const sections = ['intended use', 'Limitations', 'Known biases'];
    expect(await modelCard(asked({ sections }), written(texts))).toMatchObject({ status: 'PASSED' });
  });

  it('does not take a heading for its content', async () => {
    const sections = ['Contact', 'Monitoring', 'Ethics', 'Intended use'];
    expect(await modelCard(asked({ sections }), written({ file: card }))).toMatchObject({
      status: 'FAILED',
      summary: 'sections that are missing or empty: Contact, Monitoring, Ethics',
      output: { missingSections: ['Contact', 'Monitoring', 'Ethics'], file: 'README.md' },
    });
  });

  it('asks for a description of some length', async () => {
    expect(
      await modelCard(
        asked({ minDescriptionLength: 12 }),
        written({ version: '  short ', model: 'a long enough one' }),
      ),
    ).toMatchObject({ status: 'PASSED' });
    expect(await modelCard(asked({ minDescriptionLength: 12 }), written({ version: '  short ' }))).toMatchObject({
      status: 'FAILED',
      summary: 'the description has 5 characters, at least 12 are needed',
    });
  });

  it('asks for tags with a value', async () => {
    const tags = [
      { key: 'owner', value: 'risk' },
      { key: 'tier', value: ' ' },
    ];
    expect(await modelCard(asked({ tags: ['owner'] }), written({}, tags))).toMatchObject({ status: 'PASSED' });
    expect(await modelCard(asked({ tags: ['owner', 'tier', 'pii'] }), written({}, tags))).toMatchObject({
      status: 'FAILED',
      summary: 'tags without a value: tier, pii',
    });
  });
});

describe('LINEAGE', () => {
  const all = { run: true, dataset: true, sourceCommit: true };

  it('passes a version whose run, dataset and commit are known', async () => {
    expect(await lineage(all, gateInput())).toMatchObject({
      status: 'PASSED',
      summary: 'where the version comes from is known: run r1, datasets train (d1), commit c0ffee',
    });
  });

  it('names each thing that is missing', async () => {
    const missing = gateInput({
      lineage: async () => ({
        runId: 'r1',
        datasets: [{ name: 'train', digest: '', context: null }],
        sourceCommit: null,
      }),
    });
    const judgement = await lineage(all, missing);
    expect(judgement.status).toBe('FAILED');
    expect(judgement.summary).toMatch(
      /no dataset with a digest .* mlflow\.log_input .*; its run has no tag mlflow\.source\.git\.commit/,
    );
    expect(await lineage({ ...all, dataset: false, sourceCommit: false }, missing)).toMatchObject({ status: 'PASSED' });
  });

  it('tells a version without a run from one whose run is gone', async () => {
    const gone = { lineage: async () => undefined };
    expect((await lineage(all, gateInput({ runId: null, ...gone }))).summary).toContain('it has no run;');
    const named = { runId: null, namedRunId: 'r9', ...gone };
    expect((await lineage(all, gateInput(named))).summary).toContain('it has no run here: run r9 is only named');
    expect((await lineage(all, gateInput(gone))).summary).toContain('its run r1 is gone');
  });
});
