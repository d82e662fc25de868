import type { Framework, Heading, Section } from './headings.schema.js';

/** Where each rule is published. */
const sources: Record<Framework, string> = {
  EU_AI_ACT: 'https://eur-lex.europa.eu/eli/reg/2024/1689/oj',
  SR_26_2: 'https://www.federalreserve.gov/supervisionreg/srletters/SR2602.htm',
  ISO_42001: 'https://www.iso.org/standard/42001',
};

type Row = [reference: string, title: string, sections: Section[], note?: string];

const notKept = 'not kept here';

/** Regulation (EU) 2024/1689: what Annex IV asks of the technical documentation, and the articles on logs and oversight. */
const euAiAct: Row[] = [
  [
    'Annex IV, 1',
    'General description of the system',
    ['version', 'request'],
    'of the model, not of the system around it',
  ],
  ['Annex IV, 2(a)', 'Methods and steps of the development, and what others had trained', ['training', 'lineage']],
  ['Annex IV, 2(b)', 'Design: general logic, choices and assumptions', ['version'], 'as far as the model card says it'],
  ['Annex IV, 2(c)', 'Architecture and computing resources', ['version'], 'of the model; resources are not kept here'],
  [
    'Annex IV, 2(d)',
    'Data: where it is from, what it holds, how it was selected and labelled',
    ['training', 'lineage'],
    'names, digests and sources of datasets; how they were labelled and cleaned only as far as the model card says it',
  ],
  [
    'Annex IV, 2(e)',
    'Assessment of the human oversight that is needed',
    ['version'],
    'as far as the model card says it',
  ],
  [
    'Annex IV, 2(f)',
    'Changes that were determined beforehand',
    ['policies'],
    'the rules that every later version is held to',
  ],
  [
    'Annex IV, 2(g)',
    'Validation and testing: data, metrics, logs and reports, dated and signed',
    ['gates', 'evidence', 'statement'],
  ],
  [
    'Annex IV, 2(h)',
    'Cybersecurity measures',
    ['gates', 'version'],
    'integrity and scan of the files; not those of the system around the model',
  ],
  [
    'Annex IV, 3',
    'Monitoring, functioning and control: capabilities, limitations, oversight',
    ['version', 'evidence'],
    'as far as the model card says it',
  ],
  [
    'Annex IV, 4',
    'Appropriateness of the performance metrics',
    ['evidence', 'policies'],
    'which metrics were bound, and to what; why they are the right ones only as far as the model card says it',
  ],
  [
    'Annex IV, 5',
    'Risk management system (Article 9)',
    ['version'],
    'as far as the model card says it; the system itself is not kept here',
  ],
  ['Annex IV, 6', 'Relevant changes through the lifecycle', ['evidence', 'lineage', 'events']],
  ['Annex IV, 7', 'Standards that were applied', [], notKept],
  ['Annex IV, 8', 'EU declaration of conformity', [], notKept],
  ['Annex IV, 9', 'Post-market monitoring, and its plan', [], notKept],
  [
    'Article 12',
    'Record-keeping: events are logged',
    ['events'],
    'events of the governance of the model, not of its use',
  ],
  ['Article 14', 'Human oversight: who decided, and could have stopped it', ['decisions', 'approvals', 'review']],
  [
    'Article 19',
    'Automatically generated logs are kept',
    ['events', 'gates'],
    'for how long, the installation decides',
  ],
];

/** SR 26-2 of 2026-04-17, which replaced SR 11-7: guidance on model risk management, by its themes. */
const sr262: Row[] = [
  ['Model inventory', 'What the model is, who owns it, where it stands', ['version', 'request']],
  ['Development', 'How it was developed, on what data', ['training', 'lineage', 'version']],
  [
    'Implementation and use',
    'That what was judged is what is used; its purpose and limits',
    ['request', 'statement', 'version'],
  ],
  ['Validation', 'That it performs as it should, held against bounds and the version before', ['gates', 'evidence']],
  [
    'Effective challenge',
    'Judged by people who are independent of who made it, and heard',
    ['decisions', 'approvals', 'discussion'],
  ],
  ['Ongoing monitoring', 'That it goes on performing', [], notKept],
  ['Governance and controls', 'Policies, exceptions and their review', ['policies', 'review', 'gates']],
  ['Documentation', 'Enough for others to understand and repeat it', ['version', 'evidence', 'events']],
];

/** ISO/IEC 42001:2023, Annex A: the controls that a promotion has something to show for. */
const iso42001: Row[] = [
  ['A.6.2.2', 'Requirements and specification', ['policies', 'version'], 'what the policies ask of every version'],
  ['A.6.2.3', 'Design and development are documented', ['training', 'version', 'lineage']],
  ['A.6.2.4', 'Verification and validation', ['gates', 'evidence']],
  ['A.6.2.5', 'Deployment: what must be met before it', ['request', 'approvals', 'decisions', 'statement']],
  ['A.6.2.6', 'Operation and monitoring', [], notKept],
  ['A.6.2.7', 'Technical documentation', ['version', 'evidence']],
  ['A.6.2.8', 'Event logs', ['events'], 'of the governance of the model, not of its use'],
  ['A.7.2', 'Data for development', ['training']],
  ['A.7.3', 'Acquisition of data', ['training'], 'the sources that runs have logged'],
  ['A.7.4', 'Quality of data', [], notKept],
  ['A.7.5', 'Provenance of data', ['training', 'lineage']],
  ['A.7.6', 'Preparation of data', ['version'], 'as far as the model card says it'],
  ['A.8.2', 'Documentation and information for users', ['version']],
  ['A.8.3', 'Reports from outside', [], notKept],
  ['A.8.4', 'Communication of incidents', [], notKept],
  ['A.9.2', 'Processes for responsible use', ['policies', 'approvals']],
  ['A.9.4', 'Intended use', ['version'], 'as far as the model card says it'],
  ['A.10.2', 'Responsibilities are allocated', ['approvals', 'decisions', 'request']],
  ['A.10.3', 'Suppliers', [], notKept],
];

const of = (framework: Framework, rows: readonly Row[]): Heading[] =>
  rows.map(([reference, title, sections, note = null]) => ({
    framework,
    reference,
    title,
    source: sources[framework],
    sections,
    note,
  }));

/** Which part of a dossier speaks to which point of which rule. No claim that a rule is met: that is for people to judge. */
export const headings: readonly Heading[] = [
  ...of('EU_AI_ACT', euAiAct),
  ...of('SR_26_2', sr262),
  ...of('ISO_42001', iso42001),
];
