import { Access, isNameTaken, METASTORE_ID, type Securable, SecurableRepository } from '@app/access';
import { AuditLog, type AuditObject } from '@app/audit';
import { AlreadyExists, FailedPrecondition, NotFound, type Page, type PageArgs, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import {
  demandActive,
  type Experiment,
  type ExperimentDetails,
  experimentName,
  foreignArtifactLocation,
  type LifecycleStage,
} from './experiment.js';
import { ExperimentReader, type ExperimentSearch } from './experiment.reader.js';
import { ExperimentRepository } from './experiment.repository.js';
import { type ExperimentFilter, ExperimentListReader, type ExperimentOrder } from './experiment-list.reader.js';
import { checkedTags, limits, type Tag } from './tag.js';

export interface NewExperiment {
  name: string;
  artifactLocation?: string;
  tags?: Tag[];
}

const auditObject = (experiment: Experiment): AuditObject => ({
  kind: 'EXPERIMENT',
  id: experiment.id,
  name: experiment.fullName,
  within: experiment,
});

/** Experiments: READ sees one, EDIT tags it, MANAGE (the owner has it) renames and deletes it. */
@Injectable()
export class Experiments {
  constructor(
    private readonly access: Access,
    private readonly securables: SecurableRepository,
    private readonly experiments: ExperimentRepository,
    private readonly reader: ExperimentReader,
    private readonly lists: ExperimentListReader,
    private readonly transaction: Transaction,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Makes an experiment that the caller owns.
   * @throws AlreadyExists also when one of this name is deleted, or hidden from the caller: names are unique
   */
  async create({ name, artifactLocation, tags = [] }: NewExperiment): Promise<Experiment> {
    const metastore = await this.securables.byId(METASTORE_ID);
    const { caller, object } = await this.access.authorize('CREATE_EXPERIMENT', metastore, 'METASTORE', 'metastore');
    experimentName(name);
    const location = artifactLocation ? foreignArtifactLocation(artifactLocation) : null;
    const checked = checkedTags(tags, limits.experimentTagValue);
    return this.transaction.run(async () => {
      const securable = await this.securables.insert({
        kind: 'EXPERIMENT',
        parent: object,
        name,
        fullName: name,
        ownerId: caller.id,
        createdBy: caller.id,
      });
      if (!securable) throw new AlreadyExists('Experiment', name);
      const row = await this.experiments.insert(securable, location);
      await this.experiments.setTags(securable.id, checked);
      const experiment: Experiment = { ...securable, ...row, lifecycleStage: 'active', tags: checked };
      await this.audit.record({
        action: 'experiment.created',
        object: auditObject(experiment),
        after: { name, ownerId: caller.id, ...row, tags: checked },
      });
      return experiment;
    });
  }

  /**
   * The experiment of a name, for whoever may write runs there. It is made when there is none, or none that the caller may know
   * of: that its name is taken he hears then, as everybody does who makes one.
   * @throws PermissionDenied without EDIT on it, or CREATE_EXPERIMENT for a new one; AlreadyExists; FailedPrecondition when it is deleted
   */
  async toWriteIn(name: string): Promise<Experiment> {
    const known = await this.writable(name);
    if (known) return known;
    try {
      return await this.create({ name });
    } catch (error) {
      // Made by somebody else in between.
      const made = error instanceof AlreadyExists ? await this.writable(name) : undefined;
      if (made) return made;
      throw error;
    }
  }

  /** @returns undefined for one that is absent or hidden */
  private async writable(name: string): Promise<Experiment | undefined> {
    const found = await this.experiments.byName(name);
    if (!found || !(await this.access.allowed('DISCOVER', found))) return undefined;
    const experiment = await this.authorized('EDIT', found, name);
    demandActive(experiment);
    return experiment;
  }

  /** Deleted ones too. @throws NotFound */
  async get(experimentId: string): Promise<Experiment> {
    return this.authorized('READ', await this.experiments.byId(experimentId), experimentId);
  }

  /** Deleted ones too. @throws NotFound */
  async byName(name: string): Promise<Experiment> {
    return this.authorized('READ', await this.experiments.byName(name), name);
  }

  /**
   * What a holder of any privilege on it may know: its name, owner, description and tags. Deleted ones too.
   * @throws NotFound
   */
  async discover(by: { experimentId: string } | { name: string }): Promise<Experiment> {
    const numbered = 'experimentId' in by;
    const found = await (numbered ? this.experiments.byId(by.experimentId) : this.experiments.byName(by.name));
    return this.authorized('DISCOVER', found, numbered ? by.experimentId : by.name);
  }

  /** Those that the caller may know of. @throws InvalidArgument for a page or a cursor that is none */
  list(filter: ExperimentFilter, order: ExperimentOrder, page: PageArgs): Promise<Page<Securable>> {
    return this.lists.page(filter, order, page);
  }

  count(filter: ExperimentFilter): Promise<number> {
    return this.lists.count(filter);
  }

  /** Those that the caller may know of, in any order: for loaders. */
  byExperimentIds(ids: readonly string[]): Promise<(Securable & { experimentId: string })[]> {
    return this.lists.byExperimentIds(ids);
  }

  /** What hangs on experiments that are shown, in any order: for loaders. It asks no rights: its callers have. */
  detailsOf(ids: readonly string[]): Promise<(ExperimentDetails & { id: string })[]> {
    return this.lists.detailsOf(ids);
  }

  /** Those that the caller may READ. @throws InvalidArgument for a filter, an order or a page that is none */
  search(search: ExperimentSearch): Promise<Page<Experiment>> {
    return this.reader.search(search);
  }

  /**
   * @throws AlreadyExists when the name is taken
   * @throws FailedPrecondition when the experiment is deleted
   */
  async rename(experimentId: string, newName: string): Promise<void> {
    const before = await this.authorized('MANAGE', await this.experiments.byId(experimentId), experimentId);
    const name = experimentName(newName, 'new_name');
    demandActive(before);
    if (name === before.name) return;
    const rename = async () => {
      await this.experiments.rename(before.id, name, this.access.caller().id);
      const object = { ...auditObject(before), name };
      await this.audit.record({ action: 'experiment.renamed', object, before: { name: before.name }, after: { name } });
    };
    await this.transaction.run(rename).catch((error: unknown) => {
      throw isNameTaken(error) ? new AlreadyExists('Experiment', name) : error;
    });
  }

  /** Deletes an experiment with its runs; nothing is lost, and restore brings it back. @throws FailedPrecondition when it is deleted */
  delete(experimentId: string): Promise<void> {
    return this.move(experimentId, 'deleted', 'experiment.deleted');
  }

  /** @throws FailedPrecondition when it is not deleted */
  restore(experimentId: string): Promise<void> {
    return this.move(experimentId, 'active', 'experiment.restored');
  }

  /** The same value once more changes nothing. @throws NotFound, PermissionDenied, InvalidArgument; FailedPrecondition when it is deleted */
  async setTag(experimentId: string, tag: Tag): Promise<void> {
    const experiment = await this.authorized('EDIT', await this.experiments.byId(experimentId), experimentId);
    const checked = checkedTags([tag], limits.experimentTagValue);
    demandActive(experiment);
    const before = experiment.tags.find(({ key }) => key === tag.key);
    if (before?.value === tag.value) return;
    await this.transaction.run(async () => {
      await this.experiments.setTags(experiment.id, checked);
      await this.audit.record({ action: 'experiment.tag_set', object: auditObject(experiment), before, after: tag });
    });
  }

  /** @throws NotFound when there is no such tag */
  async deleteTag(experimentId: string, key: string): Promise<void> {
    const experiment = await this.authorized('EDIT', await this.experiments.byId(experimentId), experimentId);
    demandActive(experiment);
    await this.transaction.run(async () => {
      if (!(await this.experiments.deleteTag(experiment.id, key))) throw new NotFound('Tag', key);
      const before = experiment.tags.find((tag) => tag.key === key);
      await this.audit.record({ action: 'experiment.tag_deleted', object: auditObject(experiment), before });
    });
  }

  private async move(experimentId: string, stage: LifecycleStage, action: string): Promise<void> {
    const before = await this.authorized('MANAGE', await this.experiments.byId(experimentId), experimentId);
    await this.transaction.run(async () => {
      if (!(await this.experiments.setStage(experimentId, stage, Date.now()))) {
        throw new FailedPrecondition('SAME_STAGE', `The experiment ${experimentId} is ${stage} already.`);
      }
      await this.securables.touch(before.id, this.access.caller().id);
      await this.audit.record({
        action,
        object: auditObject(before),
        before: { lifecycleStage: before.lifecycleStage },
        after: { lifecycleStage: stage },
      });
    });
  }

  private async authorized(
    question: 'DISCOVER' | 'READ' | 'EDIT' | 'MANAGE',
    experiment: Experiment | undefined,
    name: string,
  ): Promise<Experiment> {
    return (await this.access.authorize(question, experiment, 'EXPERIMENT', name)).object;
  }
}
