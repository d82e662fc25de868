// Verifies the signed statement of a promotion, offline: node scripts/verify-statement.mjs STATEMENT KEYS [DIGEST]
//   STATEMENT  what GET /attestations/NUMBER answered
//   KEYS       what GET /.well-known/imprimatur-keys.json answered, from where you trust it
//   DIGEST     the digest of the artifact that you hold: the statement must be about this one
// Prints what the statement says, and ends with 0; or says what is wrong, and ends with 1. It needs Node and nothing
// else, and shares no code with what signs: docs/attestations.md is all that it was written from.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const payloadType = 'application/vnd.in-toto+json';
const statementType = 'https://in-toto.io/Statement/v1';
const predicateType = 'https://imprimatur.dev/attestations/promotion/v1';

class Invalid extends Error {}

function demand(holds, message) {
  if (!holds) throw new Invalid(message);
}

function readJson(file, what) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Invalid(`${what} "${file}" cannot be read: ${error.message}`);
  }
}

/** RFC 8785: members in the order of their UTF-16 code units; numbers and strings as JavaScript writes them. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
  return `{${members.join(',')}}`;
}

const sha256 = (text) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** Strictly: what Node would pass over in silence is refused. */
function fromBase64(text, what) {
  const bytes = Buffer.from(String(text), 'base64');
  demand(bytes.toString('base64') === text, `${what} is not base64`);
  return bytes;
}

/** DSSE: the signature is over the type and the payload, each after its length. */
function preAuthenticationEncoding(type, payload) {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload]);
}

/** @returns the statement, and the key that signed it */
function open(envelope, keySet) {
  demand(Array.isArray(envelope?.signatures) && envelope.signatures.length > 0, 'the statement is not signed');
  demand(Array.isArray(keySet?.keys), 'the keys are no JWK Set');
  demand(envelope.payloadType === payloadType, `payloadType "${envelope.payloadType}" is not ${payloadType}`);
  const payload = fromBase64(envelope.payload, 'the payload');
  const signed = preAuthenticationEncoding(envelope.payloadType, payload);
  const known = envelope.signatures
    .map(({ keyid, sig }) => ({ sig, jwk: keySet.keys.find(({ kid }) => kid === keyid) }))
    .filter(({ jwk }) => jwk);
  demand(known.length > 0, `no known key signed it: it names ${envelope.signatures.map(({ keyid }) => keyid)}`);
  const good = known.find(({ sig, jwk }) => {
    const { kty, crv, x } = jwk;
    demand(kty === 'OKP' && crv === 'Ed25519', `the key ${jwk.kid} is no Ed25519 key`);
    const key = createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
    return verify(null, signed, key, fromBase64(sig, 'the signature'));
  });
  demand(good, 'the signature is wrong: the statement was changed, or signed by somebody else');
  return { statement: JSON.parse(payload.toString('utf8')), jwk: good.jwk };
}

function checkStatement(statement, digest) {
  demand(statement._type === statementType, `_type "${statement._type}" is not ${statementType}`);
  demand(
    statement.predicateType === predicateType,
    `predicateType "${statement.predicateType}" is not ${predicateType}`,
  );
  const { subject, predicate } = statement;
  const { evidence, model, version, target } = predicate;
  demand(subject?.length === 1, 'a promotion has one subject');
  const subjectDigest = `sha256:${subject[0].digest?.sha256}`;
  demand(!digest || digest === subjectDigest, `the statement is about ${subjectDigest}, and not about ${digest}`);
  demand(subject[0].name === `${model.fullName}/${version}`, 'the subject is not the version of the predicate');
  demand(
    sha256(canonical(evidence)) === predicate.evidenceDigest,
    'the evidence does not have the digest that the statement gives',
  );
  const said = { model: model.fullName, version, target, artifactDigest: subjectDigest };
  for (const [name, value] of Object.entries(said)) {
    demand(canonical(evidence[name]) === canonical(value), `the evidence is of another ${name} than the statement`);
  }
}

/** An approval that fills a place must be among the decisions. */
function checkApprovals({ decisions, approvals }) {
  const approved = decisions.filter(({ verdict }) => verdict === 'APPROVE').map(({ reviewer }) => reviewer.id);
  for (const { policy, name, counted } of approvals) {
    const stranger = counted.find(({ id }) => !approved.includes(id));
    demand(!stranger, `${stranger?.name} counts for ${policy}/${name}, and has not approved`);
  }
}

function checkTime(appliedAt, { kid, introducedAt, retiredAt }) {
  const at = Date.parse(appliedAt);
  demand(at >= 0, `appliedAt "${appliedAt}" is no time`);
  demand(!retiredAt || at <= Date.parse(retiredAt), `the key ${kid} was retired at ${retiredAt}, before ${appliedAt}`);
  return { key: kid, keyIntroducedAt: introducedAt, keyRetiredAt: retiredAt };
}

function main([statementFile, keysFile, digest]) {
  demand(statementFile && keysFile, 'usage: node scripts/verify-statement.mjs STATEMENT KEYS [DIGEST]');
  const { statement, jwk } = open(readJson(statementFile, 'the statement'), readJson(keysFile, 'the key set'));
  checkStatement(statement, digest);
  const { predicate } = statement;
  checkApprovals(predicate);
  const key = checkTime(predicate.appliedAt, jwk);
  const { request, model, version, target, evidenceDigest, decisions, appliedAt } = predicate;
  return {
    verified: true,
    subject: statement.subject[0],
    request: request.number,
    model: model.fullName,
    version,
    target,
    evidenceDigest,
    policies: predicate.evidence.policies,
    gates: predicate.evidence.gates.map(({ key, status, required }) => ({ key, status, required })),
    decisions: decisions.map(({ reviewer, verdict }) => ({ reviewer: reviewer.name, verdict })),
    appliedAt,
    ...key,
  };
}

try {
  console.log(JSON.stringify(main(process.argv.slice(2)), null, 2));
} catch (error) {
  const told = error instanceof Invalid ? error.message : `the statement is not as documented: ${error.message}`;
  console.error(`not verified: ${told}`);
  process.exitCode = 1;
}
