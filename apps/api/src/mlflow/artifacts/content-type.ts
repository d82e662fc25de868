import path from 'node:path';

/** What artifacts are, by the end of their names; everything else is bytes. Nothing that a browser would run. */
const types: Record<string, string> = {
  '.csv': 'text/csv',
  '.gif': 'image/gif',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.json': 'application/json',
  '.log': 'text/plain',
  '.md': 'text/plain',
  '.mlmodel': 'text/plain',
  '.mlproject': 'text/plain',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.py': 'text/plain',
  '.toml': 'text/plain',
  '.txt': 'text/plain',
  '.webp': 'image/webp',
  '.yaml': 'text/plain',
  '.yml': 'text/plain',
};

function contentTypeOf(file: string): string {
  const name = path.posix.basename(file).toLowerCase();
  return types[path.posix.extname(name) || `.${name}`] ?? 'application/octet-stream';
}

/** Artifacts are saved, never shown: what is in them was written by users (RFC 6266). */
function attachment(file: string): string {
  const name = path.posix.basename(file);
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  // RFC 9110, 5.6.2: a token needs no quotes, and MLflow's server puts none around it.
  if (/^[\w!#$&+.^`|~-]+$/.test(name)) return `attachment; filename=${name}`;
  if (ascii === name) return `attachment; filename="${name}"`;
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

/** What the answer of a download says of the file. */
export const savedAs = (file: string) => ({
  contentType: contentTypeOf(file),
  contentDisposition: attachment(file),
});
