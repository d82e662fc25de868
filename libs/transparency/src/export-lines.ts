import { canonicalJson } from '@app/platform';

export const exportFormats = ['ndjson', 'csv'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** One event of an export. */
export interface ExportedEvent {
  sequence: number;
  /** The event in canonical JSON, as it was sealed. Null when it is not in the database any more. */
  entry: string | null;
  leafHash: Buffer;
  /** Against the checkpoint of the export; absent in a complete one, which proves itself. */
  proof?: Buffer[];
}

/** What an export is written as. Every line ends with a newline, the last one is the manifest. */
export interface ExportLines {
  header: string;
  event(event: ExportedEvent): string;
  checkpoint(note: string): string;
  manifest(manifest: string, signature: string): string;
}

const base64 = (hash: Buffer): string => hash.toString('base64');

const ndjson: ExportLines = {
  header: '',
  // The entry as it is: a verifier hashes these bytes, and needs no parser for it.
  event: ({ sequence, entry, leafHash, proof }) => {
    const hashes = proof ? `,"proof":${JSON.stringify(proof.map(base64))}` : '';
    return `{"event":${entry ?? `{"sequence":${sequence},"deleted":true}`},"leafHash":"${base64(leafHash)}"${hashes}}\n`;
  },
  checkpoint: (note) => `{"checkpoint":${JSON.stringify(note)}}\n`,
  manifest: (manifest, signature) => `{"manifest":${manifest},"signature":${JSON.stringify(signature)}}\n`,
};

const columns = [
  'sequence',
  'id',
  'occurredAt',
  'actorId',
  'actorName',
  'onBehalfOf',
  'action',
  'outcome',
  'objectKind',
  'objectId',
  'objectName',
  'securableId',
  'schemaId',
  'catalogId',
  'before',
  'after',
  'reason',
  'requestId',
  'sourceAddress',
] as const;

/**
 * A cell that no spreadsheet takes for a formula (https://owasp.org/www-community/attacks/CSV_Injection): an apostrophe
 * goes before what begins like one, and before an apostrophe, so that it can be taken away again. Null is an empty cell,
 * and an empty text is quoted.
 */
function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : canonicalJson(value);
  return `"${text.replace(/^(?=[=+\-@'\t\r\n])/, "'").replaceAll('"', '""')}"`;
}

/** A line of CSV, in which nothing is a formula. */
export const csvRow = (cells: readonly unknown[]): string => `${cells.map(cell).join(',')}\n`;

const csv: ExportLines = {
  header: csvRow([...columns, 'leafHash', 'proof']),
  event: ({ sequence, entry, leafHash, proof }) => {
    const event = (entry ? JSON.parse(entry) : { sequence }) as Record<string, unknown>;
    const values = columns.map((column) => {
      const value = event[column];
      // JSON of a third party stays JSON: the text "1" and the number 1 are two things.
      return (column === 'before' || column === 'after') && value !== null && value !== undefined
        ? canonicalJson(value)
        : value;
    });
    return csvRow([...values, base64(leafHash), proof?.map(base64).join(' ') ?? null]);
  },
  checkpoint: (note) => csvRow(['#checkpoint', note]),
  manifest: (manifest, signature) => csvRow(['#manifest', manifest, signature]),
};

export const linesOf: Record<ExportFormat, ExportLines> = { ndjson, csv };
