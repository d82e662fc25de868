import type { Dossier } from '@app/dossier';
import type { Comparison } from '@app/promotion';
import { type Html, html } from '../http/html.js';
import { facts, json, name, section, table, time } from './page-parts.js';

/** What was promoted, and where it came from. */
export const modelSections = (dossier: Dossier): Html[] => [
  section(dossier, 'request', () => request(dossier.request)),
  section(dossier, 'version', () => dossier.version && version(dossier.version)),
  section(dossier, 'training', () => dossier.training && training(dossier.training)),
  section(dossier, 'lineage', () => dossier.lineage && lineage(dossier.lineage)),
  section(dossier, 'evidence', () => dossier.evidence && evidence(dossier.evidence)),
];

const request = (request: Dossier['request']): Html =>
  html`${facts([
    ['State', request.stateReason ? `${request.state}: ${request.stateReason}` : request.state],
    ['Kind', request.kind],
    ['Model and version', `${request.model}/${request.version}`],
    ['Target', `${request.target.kind.toLowerCase()} ${request.target.name}`],
    ['Held before by', request.incumbent === null ? 'nobody' : `version ${request.incumbent}`],
    ['Requested by', name(request.requester)],
    ['Justification', request.justification],
    ['Files of the version', html`<code>${request.artifactDigest}</code>`],
    ['Opened', time(request.createdAt)],
    ['Approved', time(request.approvedAt)],
    ['Closed', time(request.closedAt)],
    ['Expires', time(request.expiresAt)],
    ['Superseded by', request.supersededBy],
  ])}${table(
    'Changes',
    ['When', 'What'],
    request.history.map(({ at, action }) => [time(at), action]),
  )}`;

const version = (version: NonNullable<Dossier['version']>): Html => html`${facts([
  ['Version', version.name],
  ['Description', version.description],
  ['Description of the model', version.model.description],
  ['Owner of the model', name(version.model.owner)],
  ['Registered', `${time(version.createdAt)}${version.createdBy ? ` by ${name(version.createdBy)}` : ''}`],
  ['Status and stage', `${version.status}, ${version.stage}`],
  ['Aliases', version.aliases.join(', ')],
  ['Source', version.source],
  ['Run', version.runId],
  ['Flavors', version.flavors.join(', ')],
  ['Requirements', version.requirements?.join('\n') ?? null],
  ['Files', `${version.artifact.files} files, ${version.artifact.bytes ?? 'unknown'} bytes`],
  ['Digest of the files', version.artifact.digest && html`<code>${version.artifact.digest}</code>`],
])}${table(
  'Tags',
  ['Key', 'Value'],
  version.tags.map(({ key, value }) => [key, value]),
)}<h3>Signature</h3>${json(version.signature)}
<h3>Model card</h3>${version.card.text === null ? html`<p class="note">No model card among the files.</p>` : html`<p class="note">From ${version.card.file}${version.card.cutOff && ', cut off'}.</p><pre>${version.card.text}</pre>`}${table(
  version.artifact.omitted > 0 ? `Files: the first of ${version.artifact.files}` : 'Files',
  ['Path', 'Bytes', 'SHA-256'],
  version.artifact.manifest.map(({ path, bytes, sha256 }) => [path, bytes, html`<code>${sha256}</code>`]),
)}`;

const training = ({ run, sourceCommit, metrics, params, datasets }: NonNullable<Dossier['training']>): Html =>
  html`${facts([
    ['Run', `${run.name} (${run.id})`],
    ['Status', run.status],
    ['User', run.user],
    ['Started', time(run.startedAt)],
    ['Ended', time(run.endedAt)],
    ['Source commit', sourceCommit],
  ])}${table(
    'Datasets',
    ['Name', 'Digest', 'Used for', 'Source'],
    datasets.map(({ name, digest, context, sourceType, source }) => [
      name,
      digest,
      context,
      `${sourceType}: ${source}`,
    ]),
  )}${table(
    'Metrics',
    ['Name', 'Value', 'Step', 'Dataset'],
    metrics.map(({ name, value, step, dataset }) => [
      name,
      value,
      step,
      dataset && `${dataset.name} (${dataset.digest ?? 'no digest'})`,
    ]),
  )}${table(
    'Params',
    ['Name', 'Value'],
    params.map(({ name, value }) => [name, value]),
  )}`;

function lineage({ nodes, edges, truncatedBy }: NonNullable<Dossier['lineage']>): Html {
  const called = new Map(nodes.map(({ ref, kind, name }) => [ref, `${kind} ${name ?? '(not shown)'}`]));
  return html`${table(
    'Upstream of the version',
    ['Node', 'Steps away'],
    nodes.map(({ ref, depth }) => [called.get(ref) ?? ref, depth]),
  )}${table(
    'Edges',
    ['From', 'How', 'To'],
    edges.map(({ source, kind, context, target }) => [
      called.get(source) ?? source,
      context ? `${kind} (${context})` : kind,
      called.get(target) ?? target,
    ]),
  )}${truncatedBy.length > 0 && html`<p class="note">There is more than is shown: ${truncatedBy.join(', ')}.</p>`}`;
}

const evidence = ({ digest, verified, content }: NonNullable<Dossier['evidence']>): Html =>
  html`${facts([
    ['Digest', html`<code>${digest}</code>`],
    [
      'Computed again',
      verified ? 'it is the digest of the content below' : 'it is NOT the digest of the content below',
    ],
  ])}${comparison((content as { comparison?: Comparison | null }).comparison ?? null)}<h3>What the reviewers were shown</h3>${json(content)}`;

const comparison = (compared: Comparison | null): Html | null =>
  compared &&
  html`${table(
    `Metrics: version ${compared.base.number} and version ${compared.head.number}`,
    ['Metric', 'Before', 'Now', 'Difference', 'Verdict'],
    compared.metrics.map(({ name, base, head, delta, verdict }) => [name, base, head, delta, verdict]),
  )}${table(
    'Params that differ',
    ['Param', 'Before', 'Now'],
    compared.params.map(({ name, base, head }) => [name, base, head]),
  )}`;
