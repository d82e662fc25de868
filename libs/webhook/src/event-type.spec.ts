import fs from 'node:fs';
import path from 'node:path';
import { securableKinds } from '@app/access';
import { promotionStates, showingRequests } from '@app/promotion';
import sql from 'sql-template-tag';
import { createTestModule } from '../../../test/support/module.js';
import { eventTypeRules, isSubscription, ruleOfEventType, testEventType } from './event-type.js';
import { mlflowEventTypes } from './mlflow-event-type.js';

const root = path.resolve(__dirname, '../../..');
const read = (file: string) => fs.readFileSync(path.join(root, file), 'utf8');

const kinds = securableKinds.map((kind) => kind.toLowerCase());
/** Actions that are put together, as the code writes them, and what they can be. */
const madeUp: Record<string, string[]> = {
  'promotion_request.${state.toLowerCase()}': promotionStates.map(
    (state) => `promotion_request.${state.toLowerCase()}`,
  ),
  '${kind.toLowerCase()}.': ['catalog.', 'schema.'],
  '${on.toLowerCase()}.': ['registered_model.', 'model_version.'],
  '${securable.kind.toLowerCase()}.': kinds.map((kind) => `${kind}.`),
  "${before.kind.toLowerCase()}.${transferred ? 'owner_changed' : 'updated'}": kinds.flatMap((kind) => [
    `${kind}.owner_changed`,
    `${kind}.updated`,
  ]),
};

/** Every action that the code can record: the texts of this form in the files that know the audit log. */
function recordedActions(): string[] {
  const files = ['libs', 'apps']
    .flatMap((folder) =>
      fs.readdirSync(path.join(root, folder), { recursive: true }).map((name) => `${folder}/${name}`),
    )
    .filter((file) => file.endsWith('.ts') && !/spec\.ts$|generated|libs\/audit\//.test(file));
  const texts = files.map(read).filter((text) => /AuditLog|NewAuditEvent/.test(text));
  const whole = texts.flatMap((text) =>
    [...text.matchAll(/'([a-z_]+\.[a-z_]+)'/g)].map(([, action]) => action as string),
  );
  const templates = texts.flatMap((text) =>
    [...text.matchAll(/`((?:\$\{[^`}]*toLowerCase\(\)\}|[a-z_]+)\.(?:[a-z_]+|\$\{[^`]*\}))`/g)].map(
      ([, made]) => made as string,
    ),
  );
  const expanded = templates.flatMap((template) => {
    const found = Object.entries(madeUp).find(([start]) => template.startsWith(start));
    if (!found) throw new Error(`what can \`${template}\` be? Say it here`);
    const [start, actions] = found;
    return actions.map((action) => action + template.slice(start.length));
  });
  return [...new Set([...whole, ...expanded])].sort();
}

const page = read('docs/webhooks.md');
const section = (title: string): string => {
  const found = page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0];
  if (!found) throw new Error(`docs/webhooks.md has no section "${title}"`);
  return found;
};
const named = (text: string) => [...text.matchAll(/`([a-z_]+\.[a-z_]+)`/g)].map(([, action]) => action as string);

describe('the types of events', () => {
  const types = Object.keys(eventTypeRules);
  const told = named(section('Types of events'));
  const notTold = named(section('What is not told'));

  it('are those that docs/webhooks.md explains, each once', () => {
    expect(told.sort()).toEqual([...types].sort());
  });

  it('are those that the trigger in the database knows', async () => {
    const t = await createTestModule([]);
    const rows = await t.db.query<{ type: string }>(sql`SELECT type FROM webhook_event_types`);
    await t.close();
    expect(rows.map(({ type }) => type).sort()).toEqual([...types].sort());
  });

  it("are MLflow's, each of one of ours, of models or of prompts", async () => {
    const t = await createTestModule([]);
    const rows = await t.db.query<{ model: string | null; prompt: string | null }>(
      sql`SELECT mlflow_model AS model, mlflow_prompt AS prompt FROM webhook_event_types`,
    );
    await t.close();
    const words = rows.flatMap(({ model, prompt }) => [model, prompt]).filter((word) => word !== null);
    expect(words.sort()).toEqual([...mlflowEventTypes].sort());
  });

  it('leave out no action that the code records but those that the page says are not told', () => {
    const recorded = recordedActions();
    expect(recorded).toEqual(expect.arrayContaining(['catalog.created', 'promotion_request.applied', 'grant.revoked']));
    expect(recorded.filter((action) => !types.includes(action) && !notTold.includes(action))).toEqual([]);
    expect([...types, ...notTold].filter((action) => !recorded.includes(action))).toEqual([]);
    expect(types.filter((action) => notTold.includes(action))).toEqual([]);
  });

  it('show promotion requests to those who see them anyhow', () => {
    const requests = types.filter((type) => /^(promotion_request|gate_|break_glass|discussion_)/.test(type));
    expect(requests.length).toBeGreaterThan(20);
    for (const type of requests) expect(eventTypeRules[type]?.shownBy).toEqual(showingRequests);
  });

  it.each(['*', 'promotion_request.*', 'model_alias.set'])('can be asked for as %s', (text) => {
    expect(isSubscription(text)).toBe(true);
  });

  it.each([
    '',
    '**',
    '.*',
    'x.*',
    'promotion_request',
    'session.begun',
    'session.*',
    'constructor',
    'toString.*',
    testEventType,
  ])('cannot be asked for as "%s"', (text) => {
    expect(isSubscription(text)).toBe(false);
  });

  it('have a rule for the test, and none for what is no type', () => {
    expect(ruleOfEventType(testEventType)).toEqual({ shownBy: ['MANAGE'] });
    expect(ruleOfEventType('constructor')).toBeUndefined();
  });
});
