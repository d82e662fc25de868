/** An event of the log, as an export has it. */
export interface LoggedEvent {
  sequence: number;
  occurredAt: string;
  outcome: string;
  action: string;
  actorId: string | null;
  objectKind: string;
  objectId: string | null;
  objectName: string;
  securableId: string | null;
  schemaId: string | null;
  catalogId: string | null;
  before: Told;
  after: Told;
}
// biome-ignore lint/suspicious/noExplicitAny: what an event tells depends on its action.
type Told = Record<string, any> | null;

export interface Principal {
  name: string;
  kind: string;
  disabled: boolean;
  /** Of a group: the ids of who is directly in it. */
  members: Set<string>;
}
export interface Securable {
  kind: string;
  /** The last part of its full name. */
  name: string;
  catalogId: string | null;
  schemaId: string | null;
  ownerId: string;
  /** By principal and privilege. */
  grants: Map<string, { principalId: string; privilege: string; expiresAt: string | null }>;
  policies: Map<string, { name: string; revision: number }>;
  /** Of a model: by alias in small letters, and by version in a stage. */
  aliases: Map<string, Holding>;
  stages: Map<number, Holding>;
}
export interface Holding {
  target: string;
  version: number;
  since: string;
  /** The event that put it there. */
  sequence: number;
}

const metastoreId = '00000000-0000-7000-8000-000000000010';
const [everyone, admins, gates] = [1, 2, 3].map((n) => `00000000-0000-7000-8000-00000000000${n}`) as [
  string,
  string,
  string,
];

/** The fold of a log, event by event: what there is after the last one. It starts with what every installation does. */
export class Replay {
  readonly principals = new Map<string, Principal>([
    [everyone, principal('everyone', 'GROUP')],
    [admins, principal('metastore-admins', 'GROUP')],
    [gates, principal('imprimatur-gates', 'SERVICE_PRINCIPAL')],
  ]);
  readonly securables = new Map<string, Securable>();

  constructor() {
    const metastore = securable('METASTORE', 'metastore', admins);
    metastore.grants.set(grantKey(everyone, 'CREATE_EXPERIMENT'), {
      principalId: everyone,
      privilege: 'CREATE_EXPERIMENT',
      expiresAt: null,
    });
    this.securables.set(metastoreId, metastore);
    this.securables.set('00000000-0000-7000-8000-000000000011', securable('EXPERIMENT', 'Default', admins));
  }

  apply(event: LoggedEvent): void {
    if (event.outcome !== 'ALLOWED') return;
    const [noun = '', verb = ''] = event.action.split('.');
    if (noun === 'principal' || noun === 'group') this.onPrincipal(event, verb);
    else if (noun === 'grant') this.onGrant(event, verb);
    else if (noun === 'policy') this.onPolicy(event, verb);
    else if (noun === 'model_alias' || noun === 'model_version') this.onHolding(event, verb);
    else this.onSecurable(event, noun, verb);
  }

  /** Its name in the names of what it stands in. */
  fullName(id: string): string {
    const found = this.securables.get(id);
    if (!found) return id;
    const above = [found.catalogId, found.schemaId].filter((each) => each !== null && each !== id) as string[];
    return [...above.map((each) => this.securables.get(each)?.name ?? each), found.name].join('.');
  }

  private onPrincipal({ objectId, objectName, before, after }: LoggedEvent, verb: string): void {
    const id = objectId as string;
    const found = this.principals.get(id);
    if (verb === 'created') this.principals.set(id, principal(objectName, after?.kind));
    else if (verb === 'deleted') this.forget(id);
    else if (verb === 'member_added') found?.members.add(after?.memberId);
    else if (verb === 'member_removed') found?.members.delete(before?.memberId);
    else if (found && (verb === 'disabled' || verb === 'enabled')) found.disabled = verb === 'disabled';
  }

  /** Its memberships and grants go with it. */
  private forget(id: string): void {
    this.principals.delete(id);
    for (const { members } of this.principals.values()) members.delete(id);
    for (const { grants } of this.securables.values()) {
      for (const [key, grant] of grants) if (grant.principalId === id) grants.delete(key);
    }
  }

  private onGrant({ securableId, before, after }: LoggedEvent, verb: string): void {
    const told = after ?? before;
    const grants = this.securables.get(securableId as string)?.grants;
    if (!grants || !told) return;
    const key = grantKey(told.principalId, told.privilege);
    if (verb === 'revoked') grants.delete(key);
    else
      grants.set(key, { principalId: told.principalId, privilege: told.privilege, expiresAt: told.expiresAt ?? null });
  }

  private onPolicy({ securableId, objectId, objectName }: LoggedEvent, verb: string): void {
    const policies = this.securables.get(securableId as string)?.policies;
    const [, name = objectName, revision] = /^(.*) on .* \(revision (\d+)\)$/s.exec(objectName) ?? [];
    if (verb === 'retired') policies?.delete(objectId as string);
    else policies?.set(objectId as string, { name, revision: Number(revision) });
  }

  private onHolding(event: LoggedEvent, verb: string): void {
    const { securableId, objectName, before, after, occurredAt: since, sequence } = event;
    const model = this.securables.get(securableId as string);
    if (!model) return;
    const version = Number(objectName.slice(objectName.lastIndexOf('/') + 1));
    if (event.action === 'model_alias.set') {
      model.aliases.set(after?.alias.toLowerCase(), { target: after?.alias, version: after?.version, since, sequence });
    } else if (event.action === 'model_alias.deleted') {
      model.aliases.delete(before?.alias.toLowerCase());
    } else if (verb === 'stage_transitioned') {
      if (after?.stage === 'None') model.stages.delete(version);
      else model.stages.set(version, { target: after?.stage, version, since, sequence });
    } else if (verb === 'deleted') {
      model.stages.delete(version);
      for (const [key, holding] of model.aliases) if (holding.version === version) model.aliases.delete(key);
    }
  }

  private onSecurable(event: LoggedEvent, noun: string, verb: string): void {
    const { objectKind: kind, objectId, objectName, actorId, before, after, catalogId, schemaId } = event;
    const id = objectId as string;
    const found = this.securables.get(id);
    const name = lastPart(kind, after?.fullName ?? after?.name ?? objectName);
    if (!['metastore', 'catalog', 'schema', 'registered_model', 'experiment'].includes(noun)) return;
    if (verb === 'created') {
      this.securables.set(id, { ...securable(kind, name, after?.ownerId ?? actorId), catalogId, schemaId });
    } else if (found && verb === 'renamed') {
      Object.assign(found, { name, catalogId, schemaId });
    } else if (found && verb === 'owner_changed') {
      found.ownerId = after?.ownerId ?? before?.ownerId;
    } else if (verb === 'deleted' && noun !== 'experiment') {
      this.securables.delete(id);
    }
  }
}

export const grantKey = (principalId: string, privilege: string): string => `${principalId} ${privilege}`;

const lastPart = (kind: string, fullName: string): string =>
  kind === 'EXPERIMENT' ? fullName : (fullName.split('.').at(-1) as string);

const principal = (name: string, kind: string): Principal => ({ name, kind, disabled: false, members: new Set() });

const securable = (kind: string, name: string, ownerId: string): Securable => ({
  kind,
  name,
  catalogId: null,
  schemaId: null,
  ownerId,
  grants: new Map(),
  policies: new Map(),
  aliases: new Map(),
  stages: new Map(),
});
