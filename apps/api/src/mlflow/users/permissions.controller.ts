import { InvalidArgument } from '@app/platform';
import { Body, Delete, Get, Patch, Query } from '@nestjs/common';
import { z } from 'zod';
import { Requires } from '../../http/requires.js';
import { experimentId } from '../tracking/fields.js';
import { parseParams, required } from '../wire/parse.js';
import { PostOk } from '../wire/post.js';
import { MlflowController } from '../wire/words.js';
import { letsUse, noPermissions, type PermittedKind } from './permission.js';
import { type Permission, Permissions, type Permitted } from './permissions.js';

const ofUser = z.object({ username: required });
const ofExperiment = ofUser.extend({ experiment_id: experimentId });
const ofModel = ofUser.extend({ name: required });
const level = { permission: required };
const ofResource = ofUser.extend({ resource_type: required, resource_id: required });

const experiment = (id: string): Permitted => ({ kind: 'EXPERIMENT', id });
const model = (id: string): Permitted => ({ kind: 'REGISTERED_MODEL', id });

/** Permissions on experiments, as MLflow 2 and 3.0 to 3.11 ask for them. */
@MlflowController('api/2.0/mlflow/experiments/permissions')
export class ExperimentPermissionsController {
  constructor(private readonly permissions: Permissions) {}

  @Requires('MANAGE')
  @PostOk('create')
  async create(@Body() body: unknown) {
    const { experiment_id, username, permission } = parseParams(ofExperiment.extend(level), body);
    const change = { level: permission, when: 'ABSENT' } as const;
    return told(experiment_id, await this.permissions.put(experiment(experiment_id), username, change));
  }

  @Requires('DISCOVER')
  @Get('get')
  async get(@Query() query: unknown) {
    const { experiment_id, username } = parseParams(ofExperiment, query);
    return told(experiment_id, await this.permissions.get(experiment(experiment_id), username));
  }

  @Requires('MANAGE')
  @Patch('update')
  async update(@Body() body: unknown) {
    const { experiment_id, username, permission } = parseParams(ofExperiment.extend(level), body);
    await this.permissions.put(experiment(experiment_id), username, { level: permission, when: 'PRESENT' });
    return {};
  }

  @Requires('MANAGE')
  @Delete('delete')
  async delete(@Body() body: unknown) {
    const { experiment_id, username } = parseParams(ofExperiment, body);
    await this.permissions.put(experiment(experiment_id), username, { level: noPermissions, when: 'PRESENT' });
    return {};
  }
}

/** The same on registered models. */
@MlflowController('api/2.0/mlflow/registered-models/permissions')
export class ModelPermissionsController {
  constructor(private readonly permissions: Permissions) {}

  @Requires('MANAGE')
  @PostOk('create')
  async create(@Body() body: unknown) {
    const { name, username, permission } = parseParams(ofModel.extend(level), body);
    const change = { level: permission, when: 'ABSENT' } as const;
    return toldOfModel(name, await this.permissions.put(model(name), username, change));
  }

  @Requires('DISCOVER')
  @Get('get')
  async get(@Query() query: unknown) {
    const { name, username } = parseParams(ofModel, query);
    return toldOfModel(name, await this.permissions.get(model(name), username));
  }

  @Requires('MANAGE')
  @Patch('update')
  async update(@Body() body: unknown) {
    const { name, username, permission } = parseParams(ofModel.extend(level), body);
    await this.permissions.put(model(name), username, { level: permission, when: 'PRESENT' });
    return {};
  }

  @Requires('MANAGE')
  @Delete('delete')
  async delete(@Body() body: unknown) {
    const { name, username } = parseParams(ofModel, body);
    await this.permissions.put(model(name), username, { level: noPermissions, when: 'PRESENT' });
    return {};
  }
}

/** The permissions of a user, as newer clients ask for them. */
@MlflowController('api/3.0/mlflow/users/permissions')
export class UserPermissionsController {
  constructor(private readonly permissions: Permissions) {}

  @Requires('MANAGE')
  @PostOk('grant')
  async grant(@Body() body: unknown) {
    const { username, permission, ...named } = parseParams(ofResource.extend(level), body);
    await this.permissions.put(resource(named), username, { level: permission });
    return {};
  }

  @Requires('MANAGE')
  @PostOk('revoke')
  async revoke(@Body() body: unknown) {
    const { username, ...named } = parseParams(ofResource, body);
    await this.permissions.put(resource(named), username, { level: noPermissions, when: 'PRESENT' });
    return {};
  }

  /** What a user may do in the end, not what was granted on the thing itself. */
  @Requires('DISCOVER', 'MANAGE', 'READ_AUDIT')
  @Get('get')
  async get(@Query() query: unknown) {
    const { username, ...named } = parseParams(ofResource, query);
    const on = resource(named);
    const permission = await this.permissions.effective(on, username);
    return { allowed: letsUse(on.kind, permission), permission };
  }
}

/** Prompts are models here. */
const kinds: Record<string, PermittedKind> = {
  experiment: 'EXPERIMENT',
  registered_model: 'REGISTERED_MODEL',
  prompt: 'REGISTERED_MODEL',
};

function resource({ resource_type, resource_id }: { resource_type: string; resource_id: string }): Permitted {
  const kind = Object.hasOwn(kinds, resource_type) ? kinds[resource_type] : undefined;
  if (!kind) {
    throw new InvalidArgument(
      `Invalid resource type '${resource_type}'. Valid resource types are: ${Object.keys(kinds).join(', ')}; grant on the metastore, catalogs and schemas with grantsUpdate of the GraphQL API`,
      ['resource_type'],
    );
  }
  if (resource_id === '*') {
    throw new InvalidArgument(
      "Invalid resource_id '*': what holds for all of a catalog or a schema is granted there, with grantsUpdate of the GraphQL API",
      ['resource_id'],
    );
  }
  return {
    kind,
    id:
      kind === 'EXPERIMENT'
        ? parseParams(z.object({ experiment_id: experimentId }), { experiment_id: resource_id }).experiment_id
        : resource_id,
  };
}

const told = (experiment_id: string, { userId, permission }: Permission) => ({
  experiment_permission: { experiment_id, user_id: userId, permission },
});

const toldOfModel = (name: string, { userId, permission }: Permission) => ({
  registered_model_permission: { name, user_id: userId, permission, workspace: 'default' },
});
