import { Access, type Securable, SecurableRepository } from '@app/access';
import type { Page, PageArgs } from '@app/platform';
import type { VersionSummary } from '@app/registry';
import { Injectable } from '@nestjs/common';
import { type Consumed, type Consumer, dayOf, firstDay, type Usage } from './consumer.js';
import { ConsumerReader } from './consumer.reader.js';

/** What is asked about: one version, or a model with all its versions. */
export type ConsumedObject = Pick<VersionSummary, 'id' | 'modelId' | 'modelFullName'> | Securable;

/**
 * Who loads a model. How often, and by how many, is for everybody who may load it himself: EXECUTE. Who they are is for those
 * who answer for the model, MANAGE, which the owner has, and for its auditors, READ_AUDIT.
 */
@Injectable()
export class Consumers {
  constructor(
    private readonly access: Access,
    private readonly reader: ConsumerReader,
    private readonly securables: SecurableRepository,
  ) {}

  /**
   * By name, each with the loads since the day of an instant.
   * @throws NotFound, PermissionDenied; InvalidArgument for a page or a cursor that is none
   */
  async list(object: ConsumedObject, since: Date | null, args: PageArgs): Promise<Page<Consumer>> {
    return this.reader.page(await this.authorizeNames(object), since && dayOf(since), args);
  }

  /** @throws NotFound, PermissionDenied */
  async count(object: ConsumedObject, since: Date | null): Promise<number> {
    return this.reader.count(await this.authorizeNames(object), since && dayOf(since));
  }

  /** @throws NotFound, PermissionDenied; InvalidArgument for more than 366 days */
  async usage(object: ConsumedObject, since: Date | null): Promise<Usage> {
    const { model, consumed, name } = await this.find(object);
    await this.access.authorize('EXECUTE', model, 'REGISTERED_MODEL', name);
    return this.reader.usage(consumed, firstDay(since, new Date()));
  }

  private async authorizeNames(object: ConsumedObject): Promise<Consumed> {
    const { model, consumed, name } = await this.find(object);
    const isAuditor = model !== undefined && (await this.access.allowed('READ_AUDIT', model));
    if (!isAuditor) await this.access.authorize('MANAGE', model, 'REGISTERED_MODEL', name);
    return consumed;
  }

  private async find(object: ConsumedObject) {
    if ('fullName' in object) return { model: object, consumed: { modelId: object.id }, name: object.fullName };
    const { id, modelId, modelFullName } = object;
    const model = await this.securables.byId(modelId);
    return { model, consumed: { versionId: id }, name: modelFullName };
  }
}
