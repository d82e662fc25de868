import type { CompletenessRule } from './completeness-rule.js';
import type { DossierContent } from './dossier.schema.js';

const isWritten = (text: string | null | undefined): boolean => (text?.trim() ?? '') !== '';
const whether = (present: boolean) => (present ? 'PRESENT' : 'MISSING');

/** Any of these headings, with text under it: in the card among the files, or in a description. */
const section =
  (...names: string[]) =>
  ({ version }: DossierContent) =>
    whether(names.some((name) => version?.card.sections.includes(name)));

const cardSection = (title: string): string =>
  `add the section "${title}" to the model card: a heading with text under it, in the description of the version or the model, or in README.md among the files`;

/** What must be known of the model itself. It can be complete before anybody is asked to approve. */
export const modelRules: readonly CompletenessRule[] = [
  {
    item: 'DESCRIPTION',
    section: 'version',
    headings: ['Annex IV, 1', 'Model inventory', 'A.6.2.7'],
    todo: 'describe the version, or the model',
    state: ({ version }) => whether(isWritten(version?.description) || isWritten(version?.model.description)),
  },
  {
    item: 'INTENDED_USE',
    section: 'version',
    headings: ['Annex IV, 1', 'Implementation and use', 'A.9.4'],
    todo: cardSection('Intended use'),
    state: section('intended use', 'intended purpose', 'intended uses'),
  },
  {
    item: 'LIMITATIONS',
    section: 'version',
    headings: ['Annex IV, 3', 'Implementation and use', 'A.8.2'],
    todo: cardSection('Limitations'),
    state: section('limitations', 'known limitations', 'out of scope use'),
  },
  {
    item: 'RISKS',
    section: 'version',
    headings: ['Annex IV, 5', 'A.6.2.7'],
    todo: cardSection('Risks'),
    state: section('risks', 'risk', 'ethical considerations', 'bias risks and limitations', 'known biases'),
  },
  {
    item: 'HUMAN_OVERSIGHT',
    section: 'version',
    headings: ['Annex IV, 2(e)', 'Annex IV, 3', 'A.9.2'],
    todo: cardSection('Human oversight'),
    state: section('human oversight'),
  },
  {
    item: 'METRICS_EXPLAINED',
    section: 'version',
    headings: ['Annex IV, 4', 'Validation'],
    todo: cardSection('Metrics'),
    state: section('metrics', 'performance metrics', 'evaluation', 'evaluation metrics'),
  },
  {
    item: 'ARTIFACT_DIGEST',
    section: 'version',
    headings: ['Annex IV, 2(h)', 'Implementation and use', 'A.6.2.5'],
    todo: 'register the version from files in the artifact store: only of those the digest is known',
    state: ({ version }) => whether(version?.artifact.digest != null),
  },
  {
    item: 'SIGNATURE',
    section: 'version',
    headings: ['Annex IV, 3', 'Documentation', 'A.6.2.3'],
    todo: 'log the model with a signature: mlflow.models.infer_signature',
    state: ({ version }) => whether(version?.signature != null),
  },
  {
    item: 'REQUIREMENTS',
    section: 'version',
    headings: ['Annex IV, 1', 'A.6.2.3'],
    todo: 'put requirements.txt or conda.yaml beside the model: mlflow does it when the model is logged',
    state: ({ version }) => whether((version?.requirements?.length ?? 0) > 0),
  },
  {
    item: 'TRAINING_RUN',
    section: 'training',
    headings: ['Annex IV, 2(a)', 'Development', 'A.6.2.3'],
    todo: 'register the version from its run',
    state: ({ training }) => whether(training !== null),
  },
  {
    item: 'SOURCE_COMMIT',
    section: 'training',
    headings: ['Annex IV, 2(a)', 'Documentation', 'A.6.2.3'],
    todo: 'train from a commit: the run has the tag mlflow.source.git.commit then',
    state: ({ training }) => whether(isWritten(training?.sourceCommit)),
  },
  {
    item: 'TRAINING_DATA',
    section: 'training',
    headings: ['Annex IV, 2(d)', 'Development', 'A.7.5'],
    todo: 'log the datasets of the run, with their digests: mlflow.log_input',
    state: ({ training }) => whether((training?.datasets ?? []).some(({ digest }) => isWritten(digest))),
  },
  {
    item: 'METRICS',
    section: 'training',
    headings: ['Annex IV, 2(g)', 'Validation', 'A.6.2.4'],
    todo: 'log the metrics of the run: mlflow.log_metric',
    state: ({ training }) => whether((training?.metrics.length ?? 0) > 0),
  },
  {
    item: 'PARAMS',
    section: 'training',
    headings: ['Annex IV, 2(b)', 'Documentation', 'A.6.2.3'],
    todo: 'log the params of the run: mlflow.log_param',
    state: ({ training }) => whether((training?.params.length ?? 0) > 0),
  },
];
