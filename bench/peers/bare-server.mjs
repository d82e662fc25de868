// What Node and PostgreSQL can do without a service between them: node:http and pg, hand-written SQL, no checks, no log.
// It answers the bytes that the service answers, of one model (docs/performance.md).
//   node bench/peers/bare-server.mjs PORT MODEL     with DATABASE_URL
import { createHash } from 'node:crypto';
import http from 'node:http';
import pg from 'pg';

const [port, model] = process.argv.slice(2);
const key = model.toLowerCase();
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const query = async (name, text, values) => (await pool.query({ name, text, values })).rows;

const aliasSql = `
  SELECT s.full_name, v.number, v.created_at, v.updated_at, v.stage, v.source, v.run_id, v.status, p.name AS creator,
    ARRAY(SELECT alias FROM model_aliases o WHERE o.version_id = v.id ORDER BY alias) AS aliases
  FROM securables s JOIN model_aliases a ON a.model_id = s.id JOIN model_versions v ON v.id = a.version_id
    LEFT JOIN principals p ON p.id = v.created_by
  WHERE s.kind = 'REGISTERED_MODEL' AND s.full_name_key = $1 AND a.alias = $2`;

async function versionByAlias(alias) {
  const [row] = await query('alias', aliasSql, [key, alias]);
  return {
    model_version: {
      name: row.full_name,
      version: String(row.number),
      creation_timestamp: row.created_at.getTime(),
      last_updated_timestamp: row.updated_at.getTime(),
      user_id: row.creator,
      current_stage: row.stage,
      source: row.source,
      run_id: row.run_id,
      status: row.status,
      aliases: row.aliases,
    },
  };
}

const tokenSql = `
  SELECT p.id FROM access_tokens t JOIN principals p ON p.id = t.principal_id
  WHERE t.hash = $1 AND t.revoked_at IS NULL AND p.disabled_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())`;

async function authenticated(request, answer) {
  const token = request.headers.authorization.slice('Bearer '.length);
  const [caller] = await query('token', tokenSql, [createHash('sha256').update(token).digest('hex')]);
  if (!caller) throw new Error('the token is not valid');
  return answer();
}

const modelSql = `
  SELECT s.id, s.full_name, (SELECT json_agg(json_build_object('name', a.alias, 'version', json_build_object('number', v.number))
    ORDER BY a.alias) FROM model_aliases a JOIN model_versions v ON v.id = a.version_id WHERE a.model_id = s.id) AS aliases
  FROM securables s WHERE s.kind = 'REGISTERED_MODEL' AND s.full_name_key = $1`;
const versionsSql = `
  SELECT v.number, v.status, v.stage, v.created_at, p.name AS creator,
    ARRAY(SELECT alias FROM model_aliases o WHERE o.version_id = v.id ORDER BY alias) AS aliases,
    (SELECT json_agg(json_build_object('name', m.key, 'value', m.value, 'step', m.step) ORDER BY m.key)
      FROM latest_metrics m WHERE m.run_id = v.run_id) AS metrics
  FROM model_versions v LEFT JOIN principals p ON p.id = v.created_by
  WHERE v.model_id = $1 ORDER BY v.number DESC LIMIT 50`;
const stages = { None: 'NONE', Staging: 'STAGING', Production: 'PRODUCTION', Archived: 'ARCHIVED' };

async function modelWithVersions() {
  const [{ id, full_name, aliases }] = await query('model', modelSql, [key]);
  const versions = await query('versions', versionsSql, [id]);
  const nodes = versions.map(({ number, status, stage, created_at, aliases, creator, metrics }) => ({
    ...{ number, status, stage: stages[stage], createdAt: created_at, aliases, createdBy: { name: creator }, metrics },
  }));
  return { data: { model: { fullName: full_name, aliases, versions: { nodes } } } };
}

async function body(request) {
  for await (const _ of request);
}

async function answerTo(request) {
  const { pathname, searchParams } = new URL(request.url, 'http://bare');
  if (pathname === '/health') return { status: 'ok' };
  if (pathname === '/graphql') return body(request).then(modelWithVersions);
  const read = () => versionByAlias(searchParams.get('alias'));
  return pathname.startsWith('/authenticated/') ? authenticated(request, read) : read();
}

http
  .createServer(async (request, response) => {
    const content = JSON.stringify(await answerTo(request));
    const length = Buffer.byteLength(content);
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': length });
    response.end(content);
  })
  .listen(Number(port), '127.0.0.1');
