import type { AuditObject } from '@app/audit';
import { checkOutboundUrl } from '@app/outbound';
import { FailedPrecondition, InvalidArgument, NotFound } from '@app/platform';
import { label } from './label.js';
import type { PolicyRules } from './policy.js';

/** An external program that EXTERNAL gates ask for their judgement. It belongs to the metastore. Its secret is no part of it. */
export interface Validator {
  id: string;
  /** What policies name it by; it is never changed. */
  name: string;
  description: string | null;
  url: string;
  /** Until then calls carry the signature of the secret before the last rotation too. */
  previousSecretUntil: Date | null;
  createdAt: Date;
  createdBy: string | null;
  /** Since when it is not called. */
  disabledAt: Date | null;
}

/** Where calls go, and what they are signed with; the newest secret first. */
export interface ValidatorAddress {
  url: string;
  secrets: string[];
}

const longestDescription = 1000;

/**
 * @throws InvalidArgument
 */
export function validatorName(name: string, field = 'name'): string {
  const parsed = label('the name of a validator').safeParse(name);
  if (parsed.success) return parsed.data;
  throw new InvalidArgument(`${field}: "${name}" is not valid: ${parsed.error.issues[0]?.message}`, [field]);
}

/**
 * @throws InvalidArgument when its form is wrong; where it leads to is looked at with each call
 */
export function validatorUrl(url: string): string {
  const wrong = checkOutboundUrl(url);
  if (wrong === undefined) return url;
  throw new InvalidArgument(`url: ${JSON.stringify(url.slice(0, 200))} ${wrong}`, ['url']);
}

/**
 * @throws InvalidArgument when it is too long
 */
export function validatorDescription(description: string | null | undefined): string | null {
  const text = description?.trim() || null;
  if (text === null || text.length <= longestDescription) return text;
  const message = `description: has ${text.length} characters, at most ${longestDescription} are allowed`;
  throw new InvalidArgument(message, ['description']);
}

export const validatorNameKey = (name: string): string => name.toLowerCase();

/** The validators that rules name, and where. */
export const validatorsIn = ({ gates }: PolicyRules): { name: string; path: string[] }[] =>
  gates.flatMap((gate, index) =>
    gate.type === 'EXTERNAL'
      ? [{ name: gate.config.validator, path: ['rules', 'gates', String(index), 'config', 'validator'] }]
      : [],
  );

/** What the audit trail keeps of it. Of the URL the origin: its path may be a secret of the validator. */
export const audited = ({ url, description }: Pick<Validator, 'url' | 'description'>) => ({
  origin: new URL(url).origin,
  description,
});

/** A validator as the audit trail names it: the auditors of the metastore read of it. */
export const auditedValidator = ({ id, name }: Validator): AuditObject => ({
  kind: 'VALIDATOR',
  id,
  name,
  within: null,
});

export class ValidatorNotFound extends NotFound {
  constructor(name: string) {
    super('Validator', name);
  }
}

/** Requests under these policies could not be validated any more. */
export class ValidatorInUse extends FailedPrecondition {
  constructor(name: string, policies: readonly { name: string; on: string }[]) {
    const named = policies.map((policy) => `"${policy.name}" on ${policy.on}`).join(', ');
    super(
      'VALIDATOR_IN_USE',
      `name: validator "${name}" is named by the policies ${named}: revise or retire them first`,
      {
        policies,
      },
    );
  }
}
