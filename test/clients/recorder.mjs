// A proxy that writes down what client and server say to each other, without what differs from one time to the next.
import http from 'node:http';

/** Ids, numbers of experiments, and names that the client makes up. */
const plainPath = (url) =>
  decodeURI(url.split('?')[0])
    .replace(/m-[0-9a-f]{32}/g, '{model}')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '{uuid}')
    .replace(/[0-9a-f]{32}/g, '{run}')
    .replace(/\/artifacts\/\d+\//, '/artifacts/{experiment}/')
    .replace(/%timestamp%\d+/g, '%timestamp%{time}')
    .replace(/\d{10,}/g, '{time}');

/** Every path to a value: "run.info.run_id: string". */
function pathsOf(value, at = '') {
  if (Array.isArray(value)) return value.flatMap((entry) => pathsOf(entry, `${at}[]`));
  if (value === null || typeof value !== 'object') return [`${at}: ${typeof value}`];
  return Object.entries(value).flatMap(([key, entry]) => pathsOf(entry, at ? `${at}.${key}` : key));
}

/** One exchange: what was asked, how it was answered, and the form of the answer. */
function exchange(request, answer, body) {
  const { method, url } = request;
  const spoken = { asked: `${method} ${plainPath(url)}`, status: answer.statusCode, code: '', said: '', form: [] };
  if (!/json/.test(answer.headers['content-type'] ?? '') || /mlflow-artifacts\/artifacts\/./.test(url)) return spoken;
  const json = JSON.parse(body.toString() || '{}');
  if (answer.statusCode >= 400) return { ...spoken, code: json.error_code ?? '', said: json.message ?? '' };
  return { ...spoken, form: pathsOf(json) };
}

/**
 * Serves on a free port of this machine what `target` answers.
 * @param {string} target the address of a server
 * @returns {Promise<{ url: string, taken: () => object[], stop: () => void }>} `taken` gives what was said since it was last asked
 */
export async function record(target) {
  const spoken = [];
  const server = http.createServer((request, response) => {
    const { method, url, headers } = request;
    const onward = http.request(new URL(url, target), { method, headers: { ...headers, host: new URL(target).host } });
    onward.once('response', (answer) => {
      const body = [];
      answer.on('data', (chunk) => body.push(chunk));
      answer.once('end', () => spoken.push(exchange(request, answer, Buffer.concat(body))));
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.once('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    taken: () => spoken.splice(0),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
