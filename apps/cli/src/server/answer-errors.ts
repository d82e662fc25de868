import { CliError } from '../cli-error.js';

export interface UserError {
  __typename: string;
  code: string;
  message: string;
  path?: string[] | null;
}

interface TopLevelError {
  message: string;
  extensions?: { code?: string; reason?: string; requestId?: string };
}

/** An answer that holds no result, told by its status. */
export function statusError(server: string, response: Response): CliError {
  const { status } = response;
  const requestId = response.headers.get('x-request-id') ?? undefined;
  const told = (outcome: ConstructorParameters<typeof CliError>[0], what: string) =>
    new CliError(outcome, `${server}: ${what}`, { status, requestId });
  if (status >= 300 && status < 400) {
    return told('USAGE', `redirects to ${response.headers.get('location')}: give the address of the service itself`);
  }
  if (status === 401) {
    return told(
      'UNAUTHENTICATED',
      'the token is not valid: it is wrong, expired or revoked. Run: imprimatur auth login',
    );
  }
  if (status === 403) return told('DENIED', 'the request is refused (403)');
  if (status === 429) {
    const seconds = response.headers.get('retry-after');
    return told('UNAVAILABLE', `too many requests from here; try again ${seconds ? `in ${seconds} s` : 'later'}`);
  }
  if (status >= 500) {
    const id = requestId ? `; tell the operator the request id ${requestId}` : '';
    return told(status === 500 ? 'FAILURE' : 'UNAVAILABLE', `the service is not able to answer (${status})${id}`);
  }
  return told('USAGE', `answers ${status}, and not as Imprimatur does: is it the address of the service itself?`);
}

/** Errors beside the data: the document, or the caller, is not what the server takes. */
export function topLevelError(errors: readonly TopLevelError[]): CliError {
  const { message, extensions = {} } = errors[0] as TopLevelError;
  const details = { ...extensions };
  if (extensions.code === 'UNAUTHENTICATED') return new CliError('UNAUTHENTICATED', message, details);
  if (extensions.code === 'FORBIDDEN') return new CliError('DENIED', message, details);
  if (extensions.reason === 'NOT_FOUND') return new CliError('NOT_FOUND', message, details);
  if (/^(Cannot query field|Unknown (argument|type))/.test(message)) {
    const hint = 'the server and this tool are of different versions: use the tool of the server’s release';
    return new CliError('FAILURE', `${message}; ${hint}`, details);
  }
  return new CliError('FAILURE', message, details);
}

const outcomes: Record<string, ConstructorParameters<typeof CliError>[0]> = {
  PermissionDeniedError: 'DENIED',
  ConflictError: 'CONFLICT',
  NotFoundError: 'NOT_FOUND',
};

/** Expected failures of a mutation, in its payload. */
export function userError([first, ...others]: readonly UserError[]): CliError {
  const { __typename, code, message, path } = first as UserError;
  const messages = [message, ...others.map((other) => other.message)];
  return new CliError(outcomes[__typename] ?? 'FAILURE', messages.join('\n'), { reason: code, path });
}
