export type { Completeness } from './completeness.schema.js';
export { DossierModule } from './dossier.module.js';
export type { Dossier } from './dossier.schema.js';
export { Dossiers, type WrittenDossier } from './dossiers.service.js';
export type { GovernanceReport } from './governance-report.js';
export { governanceReportCsv } from './governance-report-csv.js';
export { type AskedReport, GovernanceReports } from './governance-reports.service.js';
export type { Heading, Section } from './headings.schema.js';
