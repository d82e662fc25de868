import type { Dossier } from '@app/dossier';
import { type Html, html } from '../http/html.js';
import { facts, json, name, section, state, table, time } from './page-parts.js';

/** Who and what let it pass. */
export const governanceSections = (dossier: Dossier): Html[] => [
  section(dossier, 'gates', () => (dossier.gates.length === 0 ? null : html`${gates(dossier)}`)),
  section(dossier, 'approvals', () => approvals(dossier)),
  section(dossier, 'decisions', () => decisions(dossier)),
  section(dossier, 'policies', () => (dossier.policies.length === 0 ? null : html`${policies(dossier)}`)),
  section(dossier, 'statement', () => dossier.statement && statement(dossier.statement)),
  section(dossier, 'review', () => dossier.review && review(dossier.review)),
  section(dossier, 'discussion', () => (dossier.discussion.length === 0 ? null : html`${discussion(dossier)}`)),
  section(dossier, 'events', () => dossier.events && events(dossier.events)),
];

const gates = (dossier: Dossier): Html[] => [
  table(
    `Round ${dossier.request.round}`,
    ['Gate', 'Type', 'Required', 'Result', 'Summary'],
    dossier.gates.map((gate) => [gate.key, gate.type, gate.required ? 'yes' : 'no', state(gate.status), gate.summary]),
  ),
  ...dossier.gates.map(
    (gate) =>
      html`<h3>${gate.key}</h3>${facts([
        ['Result', `${gate.status}, attempt ${gate.attempt}`],
        ['Ran', gate.startedAt && `${time(gate.startedAt)} to ${time(gate.finishedAt) ?? 'now'}`],
        ['Configuration', gate.configuration === null ? 'not shown' : JSON.stringify(gate.configuration)],
        ['Measured', gate.output === null ? null : JSON.stringify(gate.output)],
        ['What went in', gate.inputs === null ? null : JSON.stringify(gate.inputs)],
      ])}${gate.waivers.map(
        (waiver) =>
          html`<p class="said">Waiver ${waiver.state}: proposed by ${name(waiver.proposedBy)} on ${time(waiver.proposedAt)}: ${waiver.reason}${waiver.decidedBy && ` — decided by ${name(waiver.decidedBy)} on ${time(waiver.decidedAt)}: ${waiver.comment ?? ''}`}</p>`,
      )}${log(gate)}`,
  ),
];

const log = ({ log: { lines, omitted } }: Dossier['gates'][number]): Html | null =>
  lines.length === 0
    ? null
    : html`<pre>${lines.map(({ at, stream, text }) => `${at} ${stream} ${text}\n`)}</pre>${omitted > 0 && html`<p class="note">${omitted} lines in the middle are left out.</p>`}`;

const approvals = ({ approvals }: Dossier): Html =>
  table(
    'Rules',
    ['Rule', 'Places', 'Who may fill them', 'Who filled them'],
    approvals.map(({ rule, need, dryRun, named, counted }) => [
      dryRun ? `${rule} (rehearsed only)` : rule,
      need,
      named?.map(name).join(', ') ?? 'not shown',
      counted?.map(name).join(', ') ?? null,
    ]),
  );

const decisions = ({ decisions }: Dossier): Html =>
  table(
    'Decisions, in their order',
    ['When', 'Who', 'For the rules', 'Verdict', 'Reason', 'Stands'],
    decisions.map((decision) => [
      time(decision.decidedAt),
      name(decision.reviewer),
      decision.rules.join(', '),
      state(decision.verdict),
      decision.comment,
      [decision.ending ?? 'yes', ...(decision.stale ? ['on other evidence'] : [])].join(', '),
    ]),
  );

const policies = ({ policies }: Dossier): Html[] =>
  policies.map(
    ({ name: policy, on, revision, dryRun, text }) =>
      html`<h3>${policy} on ${on}, revision ${revision}${dryRun && ' (rehearsed only)'}</h3>${
        text === null
          ? html`<p class="note">Its rules are not shown.</p>`
          : html`${facts([
              ['Written by', name(text.author)],
              ['When', time(text.createdAt)],
              ['Reason', text.reason],
            ])}${json(text.rules)}`
      }`,
  );

const statement = ({ keyId, predicateType, createdAt, envelope }: NonNullable<Dossier['statement']>): Html =>
  html`${facts([
    ['Key', html`<code>${keyId}</code>`],
    ['Predicate', predicateType],
    ['Signed', time(createdAt)],
  ])}<p>To verify it: the signature is Ed25519 over the DSSE encoding of the payload, by the key of this id in <code>/.well-known/imprimatur-keys.json</code>; the payload names the digests of the files and of the evidence.</p>${json(envelope)}`;

const review = ({ openedAt, dueAt, closedAt, closedBy, outcome, comment }: NonNullable<Dossier['review']>): Html =>
  facts([
    ['Opened', time(openedAt)],
    ['Due', time(dueAt)],
    ['Closed', time(closedAt) ?? 'not yet'],
    ['By', name(closedBy)],
    ['Outcome', outcome],
    ['Comment', comment],
  ]);

const discussion = ({ discussion }: Dossier): Html[] =>
  discussion.map((thread) =>
    table(
      `${thread.blocking ? 'A discussion that blocks the request' : 'A discussion'}, ${
        thread.resolvedAt ? `resolved by ${name(thread.resolvedBy)} on ${time(thread.resolvedAt)}` : 'not resolved'
      }`,
      ['When', 'Who', 'What'],
      thread.comments.map(({ at, author, text }) => [time(at), name(author), text]),
    ),
  );

function events({ checkpoint, entries, omitted }: NonNullable<Dossier['events']>): Html {
  const rows = entries.map(({ sequence, entry, leafHash }) => {
    const event = (entry === null ? {} : JSON.parse(entry)) as Record<string, string | null>;
    return [
      sequence ?? 'not sealed yet',
      time(event.occurredAt ?? null),
      event.actorName ?? null,
      event.action ?? 'not kept any more',
      event.reason ?? null,
      html`<code>${leafHash}</code>`,
    ];
  });
  return html`${omitted > 0 && html`<p class="note">${omitted} earlier events are left out.</p>`}${table(
    'Events, each proven in the JSON of this dossier',
    ['Number', 'When', 'Who', 'What', 'Why', 'Leaf'],
    rows,
  )}${checkpoint && html`<h3>The checkpoint that they are proven against</h3><pre>${checkpoint}</pre>`}`;
}
