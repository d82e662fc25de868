import type { Dossier, Section } from '@app/dossier';
import { type Html, html } from '../http/html.js';

export type Cell = Html | string | number | null;

export const sectionTitles: Record<Section, string> = {
  request: 'Request',
  version: 'Model and version',
  training: 'Training',
  lineage: 'Lineage',
  evidence: 'Evidence and comparison',
  gates: 'Gates',
  approvals: 'Approval rules',
  decisions: 'Decisions',
  policies: 'Policies',
  statement: 'Signed statement',
  review: 'Review of a promotion past the policy',
  discussion: 'Discussion',
  events: 'Audit events',
};

/** Pairs of a name and what it is; what is null is left out. */
export const facts = (pairs: readonly (readonly [name: string, value: Cell])[]): Html =>
  html`<dl class="facts">${pairs
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;

/** A table whose head is repeated on each page of paper; a sentence where there is nothing to show. */
export const table = (caption: string, head: readonly string[], rows: readonly (readonly Cell[])[]): Html =>
  rows.length === 0
    ? html`<p class="note">${caption}: none.</p>`
    : html`<table><caption>${caption}</caption><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody></table>`;

export const json = (value: unknown): Html => html`<pre>${JSON.stringify(value, null, 1)}</pre>`;

/** A word that is not broken between lines. */
export const state = (word: string): Html => html`<span class="state">${word}</span>`;

export const name = (person: { id: string; name: string | null } | null): string | null =>
  person && (person.name ?? `account ${person.id}, which is gone`);

/** 2026-11-21 14:02:11 UTC */
export const time = (instant: string | null): string | null =>
  instant && `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`;

/** A part of the dossier under its heading; what is not shown says why. */
export function section(dossier: Dossier, id: Section, body: () => Html | null): Html {
  const left = dossier.notShown.find((each) => each.section === id);
  const content = body();
  return html`<section id="${id}" aria-labelledby="h-${id}"><h2 id="h-${id}">${sectionTitles[id]}</h2>
${left ? html`<p class="note">Not shown: ${left.why}.</p>` : null}${content ?? (left ? null : html`<p class="note">There is none.</p>`)}</section>\n`;
}
