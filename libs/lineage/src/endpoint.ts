import type { Securable } from '@app/access';
import type { AuditObject } from '@app/audit';
import { InvalidArgument } from '@app/platform';

/**
 * Where a version is served, as somebody has reported it, from one time to another. An endpoint that moves to another version,
 * URL or environment ends, and the next one of its name begins at the same instant.
 */
export interface ModelEndpoint {
  id: string;
  modelId: string;
  versionId: string;
  /** The number of the version, also when that one is deleted. */
  number: number;
  name: string;
  url: string | null;
  environment: string | null;
  reportedBy: string;
  reportedAt: Date;
  /** null: it is live. */
  retiredAt: Date | null;
}

/** What a report says of an endpoint. It is the whole of it: what is left out, the endpoint does not have. */
export type EndpointSettings = Pick<ModelEndpoint, 'name' | 'url' | 'environment'>;

/** Live endpoints of one model. */
export const mostEndpoints = 1000;
const longestUrl = 2000;
const longestReason = 5000;

/** Names are told apart without case, as all names here. */
export const endpointNameKey = (name: string): string => name.normalize('NFC').toLowerCase();

/** @throws InvalidArgument naming the field, the value and the rule */
export const checkedEndpoint = ({ name, url, environment }: EndpointSettings): EndpointSettings => ({
  name: endpointName(name),
  url: url === null ? null : checkedUrl(url),
  environment: environment === null ? null : oneLine(environment, 'environment'),
});

/** @throws InvalidArgument naming the rule */
export const endpointName = (name: string): string => oneLine(name, 'name');

/** Words for the audit trail. @throws InvalidArgument when it cannot be kept */
export function checkedReason(reason: string | null): string | null {
  const text = reason?.trim() || null;
  if (text === null || (text.length <= longestReason && !/[\0\p{Cs}]/u.test(text))) return text;
  throw new InvalidArgument(`reason: must have at most ${longestReason} characters, whole ones, and no NUL`, [
    'reason',
  ]);
}

function oneLine(text: string, field: string): string {
  const line = text.normalize('NFC');
  const isLine = line.length >= 1 && line.length <= 255 && !/[\p{Cc}\p{Cs}]/u.test(line) && line.trim() === line;
  if (isLine) return line;
  const rule = 'must have 1 to 255 characters, no control character, no space at either end';
  throw new InvalidArgument(`${field}: "${text}" ${rule}`, [field]);
}

/** Everybody who may load the model reads it, and the audit trail keeps it: nothing that lets somebody in may stand in it. */
function checkedUrl(url: string): string {
  const wrong = problemOf(url);
  if (wrong) throw new InvalidArgument(`url: "${url}" ${wrong}`, ['url']);
  return url;
}

function problemOf(url: string): string | undefined {
  if (url.length > longestUrl) return `must have at most ${longestUrl} characters`;
  if (!/^https?:\/\//i.test(url) || /[\s\p{Cc}\p{Cs}]/u.test(url) || !URL.canParse(url)) {
    return 'must be an http or https URL, for example https://serving.example.com/scorer';
  }
  const { username, password } = new URL(url);
  if (username || password) return 'must carry no user name and no password';
  if (/[?#]/.test(url)) return 'must have no part behind a ? or a #: keys stand there';
  return undefined;
}

/** Does a report say nothing new of the endpoint of its name? */
export const saysTheSame = (
  endpoint: ModelEndpoint,
  { url, environment }: EndpointSettings,
  versionId: string,
): boolean => endpoint.versionId === versionId && endpoint.url === url && endpoint.environment === environment;

/** The endpoint as the audit trail names it, in the model whose name it has now. */
export const auditedEndpoint = (
  { id, name }: Pick<ModelEndpoint, 'id' | 'name'>,
  model: Pick<Securable, 'id' | 'catalogId' | 'schemaId' | 'fullName'>,
): AuditObject => ({ kind: 'MODEL_ENDPOINT', id, name: `${name} on ${model.fullName}`, within: model });

/** What the audit trail tells of it. */
export const toldEndpoint = ({ name, number, url, environment }: ModelEndpoint) => ({
  name,
  version: number,
  url,
  environment,
});
