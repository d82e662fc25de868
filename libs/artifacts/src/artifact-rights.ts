import { Access, type Securable, SecurableRepository } from '@app/access';
import { Injectable } from '@nestjs/common';
import { experimentIdOf } from './artifact-path.js';
import { ArtifactSeals } from './artifact-seals.js';

/** Who may see and change what is at a path. */
@Injectable()
export class ArtifactRights {
  constructor(
    private readonly access: Access,
    private readonly seals: ArtifactSeals,
    private readonly securables: SecurableRepository,
  ) {}

  /** @throws NotFound, PermissionDenied */
  async read(path: string): Promise<void> {
    const experiment = await this.experimentOf(path);
    if (experiment && (await this.access.allowed('READ', experiment))) return;
    if (await this.seals.opensFor(path)) return;
    await this.access.authorize('READ', experiment, 'EXPERIMENT', path, 'Artifact');
  }

  /**
   * @returns the experiment that the path belongs to
   * @throws NotFound, PermissionDenied
   */
  async edit(path: string): Promise<Securable> {
    const experiment = await this.experimentOf(path);
    return (await this.access.authorize('EDIT', experiment, 'EXPERIMENT', path, 'Artifact')).object;
  }

  private async experimentOf(path: string) {
    const id = experimentIdOf(path);
    return id === undefined ? undefined : this.securables.byExperimentId(id);
  }
}
