import { Access, type Securable, SecurableRepository } from '@app/access';
import { AuditLog } from '@app/audit';
import { NotFound, type Page, type PageArgs, Transaction } from '@app/platform';
import { VersionNotFound, VersionRecords, versionNumber } from '@app/registry';
import { Injectable } from '@nestjs/common';
import { EndpointNotFound, TooManyEndpoints } from './endpoint.errors.js';
import {
  auditedEndpoint,
  checkedEndpoint,
  checkedReason,
  type EndpointSettings,
  endpointName,
  type ModelEndpoint,
  mostEndpoints,
  saysTheSame,
  toldEndpoint,
} from './endpoint.js';
import { EndpointReader } from './endpoint.reader.js';
import { EndpointRepository } from './endpoint.repository.js';

/** An endpoint as somebody reports it. */
export interface EndpointReport extends EndpointSettings {
  /** The full name of the model. */
  model: string;
  /** The version that is served. */
  number: number;
  reason: string | null;
}

export interface EndpointRetirement {
  model: string;
  name: string;
  reason: string | null;
}

/**
 * Where the versions of a model are served, as those say who serve them: nothing here asks the endpoints themselves. Whoever may
 * load a model, EXECUTE, sees its endpoints, and may report one. What somebody else has reported only MANAGE, which the owner
 * has, may move or retire.
 */
@Injectable()
export class ModelEndpoints {
  constructor(
    private readonly access: Access,
    private readonly audit: AuditLog,
    private readonly endpoints: EndpointRepository,
    private readonly reader: EndpointReader,
    private readonly securables: SecurableRepository,
    private readonly transaction: Transaction,
    private readonly versions: VersionRecords,
  ) {}

  /**
   * Says where a version is served. A live endpoint of the name is moved when the report says anything else of it, and its
   * reporter is then whoever moved it; a report that says the same changes nothing. Needs EXECUTE on the model.
   * @returns the live endpoint
   * @throws NotFound; PermissionDenied also for what somebody else has reported, without MANAGE
   * @throws InvalidArgument; TooManyEndpoints at 1,000 of one model
   */
  async report({ model: fullName, number, reason, ...settings }: EndpointReport): Promise<ModelEndpoint> {
    const found = await this.securables.byFullName('REGISTERED_MODEL', fullName);
    const { caller, object } = await this.access.authorize('EXECUTE', found, 'REGISTERED_MODEL', fullName);
    const given = checkedEndpoint(settings);
    const why = checkedReason(reason);
    versionNumber(number, 'number');
    return this.transaction.run(async () => {
      const model = await this.lock(object);
      const version = await this.versions.byNumber(model.id, number);
      if (!version) throw new VersionNotFound(model.fullName, number);
      const latest = await this.endpoints.latest(model.id, given.name);
      const live = latest?.retiredAt === null ? latest : undefined;
      if (live && saysTheSame(live, given, version.id)) return live;
      if (live) await this.requireMayChange(live, model);
      else await this.requireRoom(model);
      const before = live && (await this.endpoints.end(live.id));
      const made = { ...given, modelId: model.id, versionId: version.id, number, reportedBy: caller.id };
      const endpoint = await this.endpoints.insert(made, before?.retiredAt ?? null);
      await this.audit.record({
        action: before ? 'model_endpoint.moved' : 'model_endpoint.reported',
        object: auditedEndpoint(endpoint, model),
        before: before && toldEndpoint(before),
        after: toldEndpoint(endpoint),
        reason: why,
        occurredAt: endpoint.reportedAt,
      });
      return endpoint;
    });
  }

  /**
   * Says that nothing is served there any more. One that is retired already stays as it is. Needs EXECUTE on the model of whoever
   * has reported it, MANAGE of everybody else.
   * @returns the endpoint that has ended
   * @throws NotFound; PermissionDenied; InvalidArgument
   */
  async retire({ model: fullName, name, reason }: EndpointRetirement): Promise<ModelEndpoint> {
    const found = await this.securables.byFullName('REGISTERED_MODEL', fullName);
    const question = found && (await this.access.allowed('MANAGE', found)) ? 'MANAGE' : 'EXECUTE';
    const { object } = await this.access.authorize(question, found, 'REGISTERED_MODEL', fullName);
    const given = endpointName(name);
    const why = checkedReason(reason);
    return this.transaction.run(async () => {
      const model = await this.lock(object);
      const latest = await this.endpoints.latest(model.id, given);
      if (!latest) throw new EndpointNotFound(given);
      await this.requireMayChange(latest, model);
      if (latest.retiredAt) return latest;
      const endpoint = await this.endpoints.end(latest.id);
      await this.audit.record({
        action: 'model_endpoint.retired',
        object: auditedEndpoint(endpoint, model),
        before: toldEndpoint(endpoint),
        reason: why,
        occurredAt: endpoint.retiredAt ?? undefined,
      });
      return endpoint;
    });
  }

  /**
   * Those of all versions of a model, deleted ones too, by name.
   * @throws NotFound, PermissionDenied; InvalidArgument for a page or a cursor that is none
   */
  async ofModel(model: Securable, includeRetired: boolean, args: PageArgs): Promise<Page<ModelEndpoint>> {
    await this.access.authorize('EXECUTE', model, 'REGISTERED_MODEL', model.fullName);
    return this.reader.page({ modelId: model.id, includeRetired }, args);
  }

  /** @throws NotFound, PermissionDenied */
  async countOfModel(model: Securable, includeRetired: boolean): Promise<number> {
    await this.access.authorize('EXECUTE', model, 'REGISTERED_MODEL', model.fullName);
    return this.reader.count({ modelId: model.id, includeRetired });
  }

  /** Those of a version that is shown, by name. @throws InvalidArgument for a page or a cursor that is none */
  ofVersion(versionId: string, includeRetired: boolean, args: PageArgs): Promise<Page<ModelEndpoint>> {
    return this.reader.page({ versionId, includeRetired }, args);
  }

  countOfVersion(versionId: string, includeRetired: boolean): Promise<number> {
    return this.reader.count({ versionId, includeRetired });
  }

  /** Those that the caller may see, in any order: for loaders. */
  byIds(ids: readonly string[]): Promise<ModelEndpoint[]> {
    return this.reader.byIds(ids);
  }

  /** Reports on one model come one after the other, and not while it or a version of it is deleted. */
  private async lock({ id, fullName }: Securable): Promise<Securable> {
    const model = await this.securables.lock(id);
    if (!model) throw new NotFound('Registered model', fullName);
    return model;
  }

  /** One's own, or MANAGE. */
  private async requireMayChange({ reportedBy }: ModelEndpoint, model: Securable): Promise<void> {
    if (reportedBy === this.access.caller().id) return;
    await this.access.authorize('MANAGE', model, 'REGISTERED_MODEL', model.fullName);
  }

  private async requireRoom(model: Securable): Promise<void> {
    if ((await this.endpoints.countLive(model.id)) >= mostEndpoints) throw new TooManyEndpoints(model.fullName);
  }
}
