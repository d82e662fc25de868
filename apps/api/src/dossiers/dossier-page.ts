import type { Dossier, Heading, WrittenDossier } from '@app/dossier';
import { type Html, html } from '../http/html.js';
import { governanceSections } from './governance-sections.js';
import { modelSections } from './model-sections.js';
import { facts, name, sectionTitles, state as stateWord, table } from './page-parts.js';
import { styleSheet } from './page-style.js';

const frameworkNames: Record<Heading['framework'], string> = {
  EU_AI_ACT: 'Regulation (EU) 2024/1689 (AI Act)',
  SR_26_2: 'SR 26-2, guidance on model risk management',
  ISO_42001: 'ISO/IEC 42001:2023, Annex A',
};

/** The dossier for people, on a screen and on paper: one page that loads nothing and runs nothing. */
export function dossierPage({ dossier, sha256 }: WrittenDossier): string {
  const { request, completeness } = dossier;
  const title = `Dossier of promotion request ${request.number}`;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>${title}</title>${styleSheet}</head>
<body><main><h1>${title}: ${request.model}/${request.version} as ${request.target.kind.toLowerCase()} ${request.target.name}</h1>
${facts([
  ['State', request.state],
  ['Requested by', name(request.requester)],
  ['Complete', scoreWords(completeness)],
  ['Dossier', html`${dossier.format}, SHA-256 of its JSON <code>${sha256}</code>`],
])}
<nav aria-label="Contents"><h2>Contents</h2><ul>${Object.entries(sectionTitles).map(([id, text]) => html`<li><a href="#${id}">${text}</a></li>`)}<li><a href="#completeness">Completeness</a></li><li><a href="#headings">Where rules find their points</a></li></ul></nav>
${completenessSection(dossier)}${modelSections(dossier)}${governanceSections(dossier)}${headingsSection(dossier)}</main></body></html>
`;
  return page.source;
}

/** A score over few items is not to be taken for one over all. */
function scoreWords({ score, present, applicable, items }: Dossier['completeness']): string {
  const count = (wanted: string) => items.filter(({ state }) => state === wanted).length;
  const [hidden, pending] = [count('NOT_SHOWN'), count('PENDING')];
  const rest = [hidden > 0 && `${hidden} are not shown to you`, pending > 0 && `${pending} can only come later`];
  const said = `${Math.floor(score * 100)} %: ${present} of ${applicable} items that apply`;
  return [said, ...rest.filter((each) => each !== false)].join('; ');
}

const completenessSection = ({
  completeness: { items },
}: Dossier): Html => html`<section id="completeness"><h2>Completeness</h2>
${table(
  'Items, all alike in weight',
  ['Item', 'State', 'What to do', 'Asked for by'],
  items.map(({ item, state, todo, headings }) => [
    item.toLowerCase().replaceAll('_', ' '),
    stateWord(state.toLowerCase().replaceAll('_', ' ')),
    todo,
    headings.join('; '),
  ]),
)}</section>\n`;

const headingsSection = ({
  headings,
}: Dossier): Html => html`<section id="headings" class="page"><h2>Where rules find their points</h2>
<p>Which part of this dossier speaks to which point. It is no claim that a rule applies, or is met.</p>
${(Object.keys(frameworkNames) as Heading['framework'][]).map((framework) => {
  const rows = headings.filter((heading) => heading.framework === framework);
  return html`${table(
    frameworkNames[framework],
    ['Point', 'About', 'In this dossier', 'Note'],
    rows.map(({ reference, title, sections, note }) => [
      reference,
      title,
      html`${sections.map((id, index) => html`${index > 0 && ', '}<a href="#${id}">${sectionTitles[id]}</a>`)}`,
      note,
    ]),
  )}<p class="note">Published at ${rows[0]?.source ?? ''}</p>`;
})}</section>\n`;
