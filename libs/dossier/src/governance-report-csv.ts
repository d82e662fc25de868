import { csvRow } from '@app/transparency';
import type { GovernanceReport, Ways } from './governance-report.js';

type Row = readonly [subject: string, measure: string, value: string | number | null];

const ways = (subject: string, { total, byRequest, breakGlass, direct }: Ways): Row[] => [
  [subject, 'total', total],
  [subject, 'by an approved request', byRequest],
  [subject, 'by break-glass', breakGlass],
  [subject, 'direct', direct],
];

/** A report for spreadsheets: first each measure in a row, then each holder that no policy covers, then the violations. */
export function governanceReportCsv(report: GovernanceReport): string {
  const { transitions, requests, gates, decisions, holders, reviews, audit, violations } = report;
  const measures: Row[] = [
    ['report', 'within', report.within ?? 'everything'],
    ['report', 'from', report.from.toISOString()],
    ['report', 'to', report.to.toISOString()],
    ...ways('transitions onto protected targets', transitions.protected),
    ...ways('transitions onto unprotected targets', transitions.unprotected),
    ...Object.entries(requests).map(([measure, count]): Row => ['requests', measure, count]),
    ...gates.map(({ status, count }): Row => ['gate runs', status, count]),
    ...Object.entries(decisions).map(([measure, count]): Row => ['decisions', measure, count]),
    ['holders of Production or champion', 'total', holders.total],
    ['holders of Production or champion', 'uncovered', holders.uncovered],
    ...Object.entries(reviews).map(([measure, count]): Row => ['break-glass reviews', measure, count]),
    ['audit events', 'total', audit.events],
    ['audit events', 'refusals', audit.refusals],
    ['audit events', 'sealed', audit.sealed],
    ['checkpoint', 'tree size', audit.checkpoint?.treeSize ?? null],
    ['checkpoint', 'problem', audit.checkpoint ? (audit.checkpoint.problem ?? 'none') : null],
    ...violations.counts.map(({ kind, count }): Row => ['violations', kind, count]),
  ];
  return [
    csvRow(['subject', 'measure', 'value', 'occurredAt', 'model', 'request', 'url']),
    // A number as text: a spreadsheet reads it as one all the same.
    ...measures.map(([subject, measure, value]) => csvRow([subject, measure, value === null ? null : String(value)])),
    ...holders.holders.map(({ model, target, version }) =>
      csvRow(['uncovered holder', target, `version ${version}`, null, model]),
    ),
    ...violations.newest.map(({ kind, detail, occurredAt, modelFullName, requestNumber, url }) =>
      csvRow(['violation', kind, detail, occurredAt.toISOString(), modelFullName, requestNumber, url]),
    ),
  ].join('');
}
