import {
  Access,
  AccessSnapshots,
  parseFullName,
  type Question,
  type Securable,
  SecurableRepository,
} from '@app/access';
import { ArtifactSeals } from '@app/artifacts';
import { AuditLog, type NewAuditEvent } from '@app/audit';
import { AlreadyExists, NotFound, type Page, type PageArgs, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { Holdings } from './holding.service.js';
import type {
  RegisteredModel,
  RegisteredModelFilter,
  RegisteredModelOrder,
  RegisteredModelView,
} from './registered-model.js';
import { RegisteredModelReader, type RegisteredModelSearch } from './registered-model.reader.js';
import { RegisteredModelRepository } from './registered-model.repository.js';
import { ModelNotFound } from './registry.errors.js';
import { checkedTags, type Tag } from './tag.js';
import { TagRepository } from './tag.repository.js';
import { description } from './text.js';

export interface NewRegisteredModel {
  /** catalog.schema.model */
  fullName: string;
  description?: string | null;
  tags?: Tag[];
}

/** Registered models by full name. */
@Injectable()
export class RegisteredModels {
  constructor(
    private readonly access: Access,
    private readonly audit: AuditLog,
    private readonly holdings: Holdings,
    private readonly models: RegisteredModelRepository,
    private readonly reader: RegisteredModelReader,
    private readonly seals: ArtifactSeals,
    private readonly securables: SecurableRepository,
    private readonly snapshots: AccessSnapshots,
    private readonly tags: TagRepository,
    private readonly transaction: Transaction,
  ) {}

  /**
   * Needs CREATE_MODEL on the schema. The creator becomes the owner.
   * @throws AlreadyExists, also without CREATE_MODEL when the caller may see the model: clients that register a version
   *   create the model first, and go on when it is there
   * @throws NotFound, PermissionDenied, InvalidArgument
   */
  async create(input: NewRegisteredModel): Promise<RegisteredModelView> {
    const { name, fullName, schemaName } = namesOf(input.fullName, 'fullName');
    const existing = await this.securables.byFullName('REGISTERED_MODEL', fullName);
    if (existing && (await this.access.allowed('DISCOVER', existing))) throw taken(fullName);
    const { caller, object: schema } = await this.authorizeSchema(schemaName);
    const text = description(input.description);
    const tags = checkedTags(input.tags);
    return this.transaction.run(async () => {
      const parent = await this.lockSchema(schema);
      const model = await this.securables.insert({
        kind: 'REGISTERED_MODEL',
        parent,
        name,
        fullName: nameIn(parent, name),
        ownerId: caller.id,
        description: text,
        createdBy: caller.id,
      });
      if (!model) throw taken(fullName);
      await this.models.insert(model.id);
      await this.tags.insertAll('REGISTERED_MODEL', model.id, tags);
      await this.record('registered_model.created', model, { after: { ownerId: caller.id, description: text, tags } });
      return { ...model, tags, aliases: [], latestVersions: [] };
    });
  }

  /**
   * What BROWSE shows of a model: its name, owner, description; the tags are in ModelRecords.tagsOf.
   * @throws NotFound
   */
  async get(fullName: string): Promise<RegisteredModel> {
    return (await this.authorize('DISCOVER', fullName)).object;
  }

  /**
   * The model with its tags, aliases and latest versions. Needs EXECUTE.
   * @throws NotFound, PermissionDenied
   */
  async view(fullName: string): Promise<RegisteredModelView> {
    const view = await this.reader.view(fullName);
    return (await this.access.authorize('EXECUTE', view, 'REGISTERED_MODEL', fullName)).object;
  }

  /** Models that the caller may know of. */
  async list(
    filter: RegisteredModelFilter,
    order: RegisteredModelOrder,
    args: PageArgs,
  ): Promise<Page<RegisteredModel>> {
    return this.reader.page(filter, order, args, await this.access.where('DISCOVER', 'REGISTERED_MODEL', 's'));
  }

  async count(filter: RegisteredModelFilter): Promise<number> {
    return this.reader.count(filter, await this.access.where('DISCOVER', 'REGISTERED_MODEL', 's'));
  }

  /** Models that the caller has EXECUTE on, by MLflow's grammar. */
  async search(search: RegisteredModelSearch): Promise<Page<RegisteredModelView>> {
    return this.reader.search(search, await this.access.where('EXECUTE', 'REGISTERED_MODEL', 's'));
  }

  /**
   * Needs MANAGE, which the owner has.
   * @throws NotFound, PermissionDenied, InvalidArgument
   */
  async updateDescription(fullName: string, text: string | null): Promise<RegisteredModel> {
    const { caller, object } = await this.authorize('MANAGE', fullName);
    const after = description(text);
    return this.transaction.run(async () => {
      const before = await this.lock(object);
      if (before.description === after) return before;
      const model = await this.securables.update(before.id, { description: after }, caller.id);
      if (!model) throw new ModelNotFound(fullName);
      const change = { before: { description: before.description }, after: { description: after } };
      await this.record('registered_model.updated', model, change);
      return model;
    });
  }

  /**
   * Gives the model a new name, in its schema or in another one. Needs MANAGE, and CREATE_MODEL on the schema.
   * @throws ProtectedTarget when the model changes its schema while a target is held that a policy protects here or
   *   there: otherwise a rename would be a way around the policy
   * @throws NotFound, PermissionDenied, InvalidArgument, AlreadyExists
   */
  async rename(fullName: string, newFullName: string): Promise<RegisteredModel> {
    const to = namesOf(newFullName, 'newFullName');
    const { caller, object } = await this.authorize('MANAGE', fullName);
    const { object: schema } = await this.authorizeSchema(to.schemaName);
    return this.transaction.run(async () => {
      // The schema first: under its lock no other name appears in it.
      const parent = await this.lockSchema(schema);
      const before = await this.lock(object);
      const existing = await this.securables.byFullName('REGISTERED_MODEL', to.fullName);
      if (existing && existing.id !== before.id) throw taken(to.fullName);
      if (parent.id !== before.schemaId) {
        const { catalogId, schemaId } = parent;
        const held = await this.holdings.of(before.id);
        await this.holdings.requireUnprotected(before, held);
        await this.holdings.requireUnprotected({ ...before, catalogId, schemaId, fullName: to.fullName }, held);
        await this.snapshots.changed();
      }
      const model = await this.securables.rename(before.id, parent, to.name, nameIn(parent, to.name), caller.id);
      if (!model) throw new ModelNotFound(fullName);
      const change = { before: { fullName: before.fullName }, after: { fullName: model.fullName } };
      await this.record('registered_model.renamed', model, change);
      return model;
    });
  }

  /**
   * Deletes the model with all its versions. Needs MANAGE.
   * @throws ProtectedTarget while a version holds a target that a policy protects; InProduction
   * @throws NotFound, PermissionDenied
   */
  async delete(fullName: string): Promise<void> {
    const { object } = await this.authorize('MANAGE', fullName);
    await this.transaction.run(async () => {
      const model = await this.lock(object);
      const held = await this.holdings.of(model.id);
      await this.holdings.requireDeletable(model, held);
      const occurredAt = await this.holdings.clear(model, held);
      await this.seals.unsealModel(model.id);
      await this.securables.delete(model);
      // The grants on it are gone.
      await this.snapshots.changed();
      const { ownerId, description: text } = model;
      await this.record('registered_model.deleted', model, {
        before: { ownerId, description: text, held },
        occurredAt,
      });
    });
  }

  private async authorize(question: Question, fullName: string) {
    const model = await this.securables.byFullName('REGISTERED_MODEL', fullName);
    return this.access.authorize(question, model, 'REGISTERED_MODEL', fullName);
  }

  private async authorizeSchema(fullName: string) {
    return this.access.authorize(
      'CREATE_MODEL',
      await this.securables.byFullName('SCHEMA', fullName),
      'SCHEMA',
      fullName,
    );
  }

  private async lock({ id, fullName }: Securable): Promise<Securable> {
    const model = await this.securables.lock(id);
    if (!model) throw new ModelNotFound(fullName);
    return model;
  }

  /** Names in a schema are given one after the other, and the schema stays while it is done. */
  private async lockSchema({ id, fullName }: Securable): Promise<Securable> {
    const schema = await this.securables.lock(id);
    if (!schema) throw new NotFound('Schema', fullName);
    return schema;
  }

  private record(
    action: string,
    model: Securable,
    change: Pick<NewAuditEvent, 'before' | 'after' | 'occurredAt'>,
  ): Promise<void> {
    const object = { kind: 'REGISTERED_MODEL', id: model.id, name: model.fullName, within: model } as const;
    return this.audit.record({ action, object, ...change });
  }
}

/** The parts of a model's full name, checked. */
function namesOf(given: string, field: string): { name: string; fullName: string; schemaName: string } {
  const [catalog, schema, name] = parseFullName('REGISTERED_MODEL', given, field) as [string, string, string];
  return { name, fullName: `${catalog}.${schema}.${name}`, schemaName: `${catalog}.${schema}` };
}

/** The schema's name is written as its own row has it, however the caller wrote it. */
const nameIn = (schema: Securable, name: string) => `${schema.fullName}.${name}`;

const taken = (fullName: string) => new AlreadyExists('Registered model', fullName);
