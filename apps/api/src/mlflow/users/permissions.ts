import { Explanations } from '@app/access';
import { Grants } from '@app/namespace';
import { AlreadyExists, NotFound } from '@app/platform';
import { Experiments } from '@app/tracking';
import { Injectable } from '@nestjs/common';
import { ModelNames } from '../registry/model-names.js';
import { changesTo, levelOf, noPermissions, type PermittedKind } from './permission.js';

/** A thing that permissions are about, as a client names it: an experiment by its id, a model by its name. */
export interface Permitted {
  kind: PermittedKind;
  id: string;
}

export interface Permission {
  userId: string;
  permission: string;
}

/** MLflow's permissions, which are sets of grants on the object itself. */
@Injectable()
export class Permissions {
  constructor(
    private readonly experiments: Experiments,
    private readonly explanations: Explanations,
    private readonly grants: Grants,
    private readonly names: ModelNames,
  ) {}

  /** @throws NotFound also when there is none; PermissionDenied */
  async get(on: Permitted, username: string): Promise<Permission> {
    const { principal, grants } = await this.grants.directly(await this.ref(on), username);
    const held = grants.map(({ privilege }) => privilege);
    const permission = levelOf(on.kind, held);
    if (permission === noPermissions) throw absent(on, username);
    return { userId: principal.id, permission };
  }

  /**
   * What is granted becomes exactly the level.
   * @param when ABSENT: only where there is none yet; PRESENT: only where there is one
   * @throws NotFound, PermissionDenied, InvalidArgument, AlreadyExists; FailedPrecondition where MLflow has no word for what is held
   */
  async put(
    on: Permitted,
    username: string,
    change: { level: string; when?: 'ABSENT' | 'PRESENT' },
  ): Promise<Permission> {
    const ref = await this.ref(on);
    const { principal, securable, grants } = await this.grants.directly(ref, username);
    const { add, remove } = changesTo(on.kind, change.level, grants, principal.name);
    const now = levelOf(
      on.kind,
      grants.map(({ privilege }) => privilege),
    );
    if (change.when === 'PRESENT' && now === noPermissions) throw absent(on, username);
    if (change.when === 'ABSENT' && now !== noPermissions) throw new AlreadyExists('Permission', nameOf(on, username));
    const of = (privilege: (typeof add)[number]) => ({ principal: principal.id, privilege });
    // Whoever changes them meanwhile is not overwritten.
    const expectedRevision = securable.grantsRevision;
    await this.grants.update(ref, { add: add.map(of), remove: remove.map(of), expectedRevision });
    return { userId: principal.id, permission: change.level };
  }

  /** What a user may do in the end, by grants of groups and on containers too. @throws NotFound, PermissionDenied */
  async effective(on: Permitted, username: string): Promise<string> {
    const { held } = await this.explanations.effective(username, await this.ref(on));
    return levelOf(
      on.kind,
      held.map(({ privilege }) => privilege),
    );
  }

  private async ref({ kind, id }: Permitted): Promise<{ kind: PermittedKind; fullName: string }> {
    if (kind === 'REGISTERED_MODEL') return { kind, fullName: this.names.full(id) };
    const { fullName } = await this.experiments.discover({ experimentId: id });
    return { kind, fullName };
  }
}

const nameOf = ({ kind, id }: Permitted, username: string): string =>
  `${kind === 'EXPERIMENT' ? 'experiment_id' : 'name'}=${id} and username=${username}`;

const absent = (on: Permitted, username: string): NotFound => new NotFound('Permission', nameOf(on, username));
