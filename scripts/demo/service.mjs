// How the demo talks to the service: GraphQL, as any client would.

/** A failure that the service answered with: what it said, word for word. */
export class Refused extends Error {}

/**
 * Runs one GraphQL operation.
 * @param {{ url: string }} service
 * @param {string} token whose token
 * @returns {Promise<any>} the data; payload errors are thrown as Refused
 */
export async function graphql(service, token, query, variables = {}) {
  const response = await fetch(`${service.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Refused(errors.map((error) => error.message).join('; '));
  const payloadErrors = Object.values(data).flatMap((payload) => payload?.errors ?? []);
  if (payloadErrors.length > 0) {
    const [first] = payloadErrors;
    throw Object.assign(new Refused(payloadErrors.map((error) => error.message).join('; ')), {
      code: first.code,
      type: first.__typename,
    });
  }
  return data;
}

/** Runs a mutation that may find its object there already, as it does when the demo is played twice. */
export async function ensure(service, token, query, variables) {
  try {
    return await graphql(service, token, query, variables);
  } catch (error) {
    if (error.code === 'ALREADY_EXISTS') return undefined;
    throw error;
  }
}

/** Asks until `done` says so; the service works in the background. Gives up after a minute. */
export async function until(ask, done, what) {
  const end = Date.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (done(answer)) return answer;
    if (Date.now() > end)
      throw new Error(`${what} did not happen within a minute; last seen: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
