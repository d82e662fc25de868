// The main job of the service, from the MLflow client to the audit trail, as one story. The same story is played by
// `npm run demo`, by the test suite and by CI; only the MLflow client differs (python-client.mjs, rest-client.mjs).
import { model, setTheStage } from './people.mjs';
import { ensure, graphql, Refused, until } from './service.mjs';

const versionRead =
  'query($model: String!, $version: Int!) { modelVersion(fullName: $model, number: $version) { status artifactDigest } }';
const policyCreate = `mutation {
  policyCreate(input: {
    on: { kind: CATALOG, fullName: "prod" }, name: "production", reason: "nothing reaches production on one person's word"
    rules: {
      protects: { stages: [PRODUCTION], aliases: ["champion"] }
      gates: [
        { key: "auc", type: METRIC_THRESHOLD, metricThreshold: { metric: "auc", min: 0.8 } }
        { key: "signature", type: SIGNATURE }
        { key: "integrity", type: ARTIFACT_INTEGRITY }
      ]
      approvals: [{ name: "leads", count: 2, approvers: ["ml-leads"] }]
    }
  }) { policy { name revision } errors { __typename code message } } }`;
const requestCreate = `mutation($model: String!, $version: Int!) {
  promotionRequestCreate(input: {
    model: $model, version: $version, target: { kind: ALIAS, name: "champion" }, justification: "better on the holdout of October"
  }) { promotionRequest { number state } errors { __typename code message } } }`;
const requestRead = `query($number: Int!) {
  promotionRequest(number: $number) { number state stateReason evidenceDigest gates { key status summary } } }`;
const decide = `mutation($number: Int!, $digest: String!) {
  promotionRequestDecide(input: { number: $number, verdict: APPROVE, comment: "metrics and signature read", evidenceDigest: $digest }) {
    promotionRequest { state } errors { __typename code message } } }`;
const history = `query($model: String!) { model(fullName: $model) { transitions(first: 10) { nodes {
  target { kind name } versionNumber replacedVersionNumber occurredAt actor { name } reason
  promotionRequest { number requester { name } evidenceDigest decisions(first: 10) { nodes { actor { name } verdict comment decidedAt } } } } } } }`;
const auditTrail = `query { auditEvents(first: 20) { nodes { occurredAt actor { name } action objectName outcome } } }`;

/** The refusal that `act` runs into; an act that succeeds is a failure of the story. */
async function refused(what, act) {
  try {
    await act();
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
  throw new Error(`${what} should have been refused, and was not`);
}

function expect(condition, what) {
  if (!condition) throw new Error(`the story expected ${what}`);
}

/** Opens a request for one version and waits until its gates have spoken. */
async function openRequest(service, token, version, say) {
  const { promotionRequestCreate } = await graphql(service, token, requestCreate, { model, version });
  const { number } = promotionRequestCreate.promotionRequest;
  const request = await until(
    async () => (await graphql(service, token, requestRead, { number })).promotionRequest,
    ({ state }) => state !== 'VALIDATING',
    `the end of the gates of request ${number}`,
  );
  say(`request ${number} for version ${version}: ${request.state}`);
  for (const gate of request.gates) say(`  ${gate.key}: ${gate.status}: ${gate.summary}`);
  return request;
}

/**
 * Plays the story against a running service.
 * @param {{ service: { url: string }, adminToken: string, client: object, say: (line: string) => void }} options
 * @returns {Promise<{ good: number, weak: number, request: object, transitions: object[] }>} what a test may look at
 */
export async function playStory({ service, adminToken, client, say }) {
  say('0. people, a catalog and grants');
  const tokens = await setTheStage(service, adminToken);

  say(`1. ada trains two models and registers both as ${model}`);
  const [good, weak] = await client.trainAndRegister(tokens.ada);
  for (const { version, auc } of [good, weak]) {
    const { modelVersion } = await graphql(service, tokens.ada, versionRead, { model, version });
    const { status, artifactDigest } = modelVersion;
    expect(status === 'READY' && artifactDigest?.startsWith('sha256:'), `version ${version} to be READY with a digest`);
    say(`  version ${version}: auc ${auc.toFixed(3)}, ${status}, ${artifactDigest}`);
  }

  say('2. grace puts a policy on the catalog: champion and Production need three gates and two leads');
  await ensure(service, tokens.grace, policyCreate);

  say('3. ada moves the alias and the stage by hand, and is told what to do instead');
  const aliasRefusal = await refused('moving the alias', () => client.setAlias(tokens.ada, 'champion', good.version));
  const stageRefusal = await refused('moving the stage', () =>
    client.transitionStage(tokens.ada, good.version, 'Production'),
  );
  for (const refusal of [aliasRefusal, stageRefusal])
    expect(refusal.includes('promotionRequestCreate'), `what to do in: ${refusal}`);
  say(`  ${aliasRefusal}`);
  say(`  ${stageRefusal}`);

  say('4. ada opens a request for each version; the gates run in the worker');
  const blocked = await openRequest(service, tokens.ada, weak.version, say);
  expect(blocked.state === 'BLOCKED', 'the weak version to be BLOCKED');
  const request = await openRequest(service, tokens.ada, good.version, say);
  expect(request.state === 'AWAITING_APPROVAL', 'the good version to be AWAITING_APPROVAL');

  say(`5. ada may not approve her own request; grace and linus do, on ${request.evidenceDigest}`);
  const { number, evidenceDigest: digest } = request;
  say(
    `  ${await refused('approving one’s own request', () => graphql(service, tokens.ada, decide, { number, digest }))}`,
  );
  const first = await graphql(service, tokens.grace, decide, { number, digest });
  say(`  grace approves: ${first.promotionRequestDecide.promotionRequest.state}`);
  const second = await graphql(service, tokens.linus, decide, { number, digest });
  const { state } = second.promotionRequestDecide.promotionRequest;
  expect(state === 'APPLIED', 'the second approval to move the alias');
  say(`  linus approves: ${state}`);

  say('   otto, who holds EXECUTE, loads the champion; mallory, who does not, is refused');
  say(`  otto: ${await client.predictWithChampion(tokens.otto)}`);
  say(`  mallory: ${await refused('loading without EXECUTE', () => client.predictWithChampion(tokens.mallory))}`);

  say('6. audrey, an auditor, reads the history');
  const transitions = (await graphql(service, tokens.audrey, history, { model })).model.transitions.nodes;
  const [latest] = transitions;
  expect(latest.versionNumber === good.version && latest.promotionRequest.number === number, 'the move in the history');
  for (const move of transitions) say(`  ${sentenceOf(move)}`);
  const { auditEvents } = await graphql(service, tokens.audrey, auditTrail);
  expect(auditEvents.nodes.length > 0, 'audit events');
  say(
    `  and the last ${auditEvents.nodes.length} audit events, the newest: ${auditEvents.nodes[0].action} by ${auditEvents.nodes[0].actor.name}`,
  );
  return { good: good.version, weak: weak.version, request, transitions };
}

function sentenceOf({ target, versionNumber, replacedVersionNumber, occurredAt, promotionRequest }) {
  const approvals = promotionRequest.decisions.nodes.map(({ actor, verdict }) => `${actor.name} ${verdict}`).join(', ');
  const replaced = replacedVersionNumber ? `version ${replacedVersionNumber}` : 'nothing';
  return `${occurredAt} ${target.name} → version ${versionNumber}, replaced ${replaced}; asked by ${promotionRequest.requester.name} in request ${promotionRequest.number}, decided by ${approvals}, on ${promotionRequest.evidenceDigest}`;
}
