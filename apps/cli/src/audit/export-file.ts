import { createReadStream, type ReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { CliError } from '../cli-error.js';

/** The last line of an export: what it is an export of. */
export interface Manifest {
  format: string;
  encoding: string;
  origin: string;
  complete: boolean;
  /** The signed note that everything is held against. */
  checkpoint: string | null;
  count: number;
  firstSequence: number | null;
  lastSequence: number | null;
  /** Of all bytes before it. */
  sha256: string;
}

/** An export as it lies there; nothing of it is believed yet. */
export interface ExportFile {
  manifest: Manifest;
  /** What was signed: the manifest in canonical JSON. */
  manifestText: string;
  signature: string;
  /** The bytes before the manifest. */
  body(): ReadStream;
}

/** A manifest is some hundred bytes; a filter may make it longer. */
const longestManifest = 1 << 20;
const [ndjsonStart, csvStart] = ['\n{"manifest":', '\n"#manifest",'];

/** @throws CliError when there is no such file, or no manifest at its end */
export async function openExport(file: string): Promise<ExportFile> {
  const handle = await open(file).catch((error: Error) => {
    throw new CliError('USAGE', `${file}: cannot be read: ${error.message}`);
  });
  try {
    const { start, text } = await lastLine(handle, file);
    const { manifestText, signature } = text.startsWith('{') ? fromJson(text) : fromCsv(text);
    const manifest = JSON.parse(manifestText) as Manifest;
    if (manifest.format !== 'imprimatur-audit-export/1') throw new Error('another format');
    const body = () => createReadStream(file, { start: 0, end: Math.max(0, start - 1), highWaterMark: 1 << 20 });
    return { manifest, manifestText, signature, body };
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(
      'FAILURE',
      `${file}: its last line is no manifest of an audit export: it was cut off, or changed`,
    );
  } finally {
    await handle.close();
  }
}

async function lastLine(handle: FileHandle, file: string): Promise<{ start: number; text: string }> {
  const { size } = await handle.stat();
  const tail = Buffer.alloc(Math.min(size, longestManifest));
  await handle.read(tail, 0, tail.length, size - tail.length);
  // An export without events has nothing, or a header, before its manifest.
  const padded = Buffer.concat([Buffer.from(size > tail.length ? '' : '\n'), tail]);
  const at = Math.max(padded.lastIndexOf(ndjsonStart), padded.lastIndexOf(csvStart));
  if (at < 0 || padded.at(-1) !== 10) {
    throw new CliError('FAILURE', `${file}: has no manifest at its end: it was cut off`);
  }
  return { start: size - (padded.length - at - 1), text: padded.subarray(at + 1).toString('utf8') };
}

function fromJson(line: string): { manifestText: string; signature: string } {
  const end = line.lastIndexOf(',"signature":');
  return {
    manifestText: line.slice('{"manifest":'.length, end),
    signature: (JSON.parse(line) as { signature: string }).signature,
  };
}

function fromCsv(line: string): { manifestText: string; signature: string } {
  const [[, manifestText = '', signature = ''] = []] = parse(line) as string[][];
  return { manifestText, signature };
}
