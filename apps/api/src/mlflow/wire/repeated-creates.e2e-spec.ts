import { once } from 'node:events';
import http from 'node:http';
import pg from 'pg';
import sql from 'sql-template-tag';
import { eventually } from '../../../../../test/support/processes.js';
import { createRegistryDoor, type RegistryDoor } from '../../../../../test/support/registry-door.js';

/** What MLflow's client does when its connection is cut: it sends the same bytes again, without a key. */
describe('a create that is sent twice', () => {
  let d: RegistryDoor;
  let experiment_id: string;
  const name = 'prod.fraud.repeated';

  beforeAll(async () => {
    d = await createRegistryDoor();
    await d.model(name);
    experiment_id = (await d.post('experiments/create', { name: 'repeated' })).body.experiment_id;
  });
  afterAll(() => d.close());

  /** Sends a create, and cuts the connection while its transaction waits for the audit trail: it commits after that. */
  async function sendAndCut(path: string, body: object, who = d.owner): Promise<void> {
    const client = new pg.Client(d.t.env.DATABASE_URL as string);
    await client.connect();
    await client.query('BEGIN; LOCK TABLE audit_events IN EXCLUSIVE MODE');
    const request = http.request(`${d.t.url}/api/2.0/mlflow/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${who.token}`, 'content-type': 'application/json' },
    });
    request.end(JSON.stringify(body));
    const cut = once(request, 'error');
    const waiting = sql`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await eventually(
      () => d.t.db.query(waiting),
      ({ length }) => length > 0,
    );
    request.destroy();
    await cut;
    // The client repeats at once: the first request is still being carried out.
    setTimeout(() => void client.query('ROLLBACK').then(() => client.end()), 100);
  }
  const events = async (action: string) =>
    (await d.t.db.query(sql`SELECT 1 FROM audit_events WHERE action = ${action} AND outcome = 'ALLOWED'`)).length;

  it.each([
    ['experiments/create', 'experiment.created', () => ({ name: 'cut' })],
    ['runs/create', 'run.created', () => ({ experiment_id, start_time: 7, run_name: 'cut' })],
    ['logged-models', 'logged_model.created', () => ({ experiment_id, name: 'cut' })],
    ['registered-models/create', 'registered_model.created', () => ({ name: 'prod.fraud.cut' })],
    ['model-versions/create', 'model_version.registered', () => ({ name, source: 's3://b/cut' })],
  ])('makes one thing when the connection is cut: %s', async (path, action, body) => {
    const before = await events(action);
    await sendAndCut(path, body());
    const again = await d.post(path, body());
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
    expect(await events(action)).toBe(before + 1);
    // Whoever has heard and sends the same once more means another one, or is told that the name is taken.
    const meant = await d.post(path, body());
    expect(meant.headers.get('idempotency-replayed')).toBeNull();
    expect(meant.body).not.toEqual(again.body);
  });

  it('makes two for one that was answered, and for two at once', async () => {
    const body = { name, source: 's3://b/meant' };
    const [one, other] = await Promise.all([
      d.post('model-versions/create', body),
      d.post('model-versions/create', body),
    ]);
    const third = await d.post('model-versions/create', body);
    const numbers = [one, other, third].map((answer) => answer.body.model_version.version);
    expect(new Set(numbers).size).toBe(3);
  });

  it('tells nobody else, and nobody who has lost the right', async () => {
    const body = { name, source: 's3://b/rights' };
    const registrar = await d.t.make.user();
    const model = await d.t.db.first<{ id: string; catalogId: string }>(
      sql`SELECT id, catalog_id AS "catalogId" FROM securables WHERE full_name = ${name}`,
    );
    if (!model) throw new Error('no model');
    await d.t.make.grant(registrar, { id: model.catalogId }, 'USE_CATALOG', 'USE_SCHEMA');
    await d.t.make.grant(registrar, model, 'CREATE_MODEL_VERSION');
    await sendAndCut('model-versions/create', body, registrar);
    const others = await d.post('model-versions/create', body);
    expect([others.status, others.headers.get('idempotency-replayed')]).toEqual([200, null]);
    await eventually(
      () => d.t.db.query(sql`SELECT 1 FROM idempotency_keys WHERE principal_id = ${registrar.id}::uuid`),
      ({ length }) => length === 1,
    );
    await d.t.db.execute(sql`DELETE FROM grants WHERE principal_id = ${registrar.id}::uuid`);
    await d.t.db.execute(sql`UPDATE access_version SET version = version + 1`);
    expect((await d.post('model-versions/create', body, registrar)).status).toBe(404);
  });
});
