import { CliError } from '../cli-error.js';

const tlsCodes =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT.*)|CERT_.*)$/;

/** What went wrong before there was an answer, in words that say what to do. */
export function networkError(server: string, error: unknown): CliError {
  const { name, cause } = error as Error & { cause?: { code?: string; message?: string } };
  const code = cause?.code ?? '';
  const { hostname } = new URL(server);
  const told = (what: string) => new CliError('UNAVAILABLE', `${server}: ${what}`, { server, cause: code || name });
  if (name === 'TimeoutError') return told('no answer within 60 seconds');
  if (tlsCodes.test(code)) {
    return told(
      `its certificate is not trusted (${code}); when it is your organisation's own, put the authority's certificate into a file and name it in NODE_EXTRA_CA_CERTS`,
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return told(`its certificate is for another name than ${hostname}`);
  if (/^(EPROTO|ERR_SSL_.*)$/.test(code)) return told('does not speak TLS there: is it an http address?');
  const reasons: Record<string, string> = {
    ECONNREFUSED: 'nothing listens there: is the service running, and the port right?',
    ENOTFOUND: `there is no host ${hostname}: is the address right?`,
    EAI_AGAIN: `the name ${hostname} cannot be looked up now`,
    EHOSTUNREACH: 'the host cannot be reached from here',
    ENETUNREACH: 'the host cannot be reached from here',
    ETIMEDOUT: 'the host does not answer',
    UND_ERR_CONNECT_TIMEOUT: 'the host does not answer',
    ECONNRESET: 'the connection was cut',
    UND_ERR_SOCKET: 'the connection was cut: does it speak HTTP there, or is it an https address?',
  };
  return told(reasons[code] ?? `cannot be reached (${cause?.message || (error as Error).message})`);
}
