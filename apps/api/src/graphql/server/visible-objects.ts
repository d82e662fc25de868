import { Access, HiddenObject, nounOf, type Securable, type SecurableKind, SecurableRepository } from '@app/access';
import { RefusalLog } from '@app/audit';
import { type ModelVersion, VersionRecords } from '@app/registry';
import { Injectable } from '@nestjs/common';

/**
 * Objects by id, those left out that the caller may not see: each is noted as refused. A constant number of statements,
 * whatever the number of ids.
 */
@Injectable()
export class VisibleObjects {
  constructor(
    private readonly access: Access,
    private readonly refusals: RefusalLog,
    private readonly securableRepository: SecurableRepository,
    private readonly versions: VersionRecords,
  ) {}

  async securables(ids: readonly string[]): Promise<Securable[]> {
    return this.permitted('DISCOVER', await this.securableRepository.byIds(ids));
  }

  /** One of a kind; null as well when it is of another. */
  async securable(kind: SecurableKind, id: string): Promise<Securable | null> {
    const found = await this.securableRepository.byIds([id]);
    return (
      (
        await this.permitted(
          'DISCOVER',
          found.filter((object) => object.kind === kind),
        )
      )[0] ?? null
    );
  }

  /** A version is governed by its model: EXECUTE. */
  async modelVersions(ids: readonly string[]): Promise<ModelVersion[]> {
    const versions = await this.versions.byIds(ids);
    const models = await this.securableRepository.byIds([...new Set(versions.map(({ modelId }) => modelId))]);
    const readable = new Set((await this.permitted('EXECUTE', models)).map(({ id }) => id));
    return versions.filter(({ modelId }) => readable.has(modelId));
  }

  /** What a change has left, for the answer to it: null when the change has taken it from the caller's sight. */
  async after(changed: Securable): Promise<Securable | null> {
    return (await this.access.allowed('DISCOVER', changed)) ? changed : null;
  }

  /** The same of a version, which its changer need not be able to read. */
  async versionAfter(id: string): Promise<ModelVersion | null> {
    const [version] = await this.versions.byIds([id]);
    const [model] = version ? await this.securableRepository.byIds([version.modelId]) : [];
    return version && model && (await this.access.allowed('EXECUTE', model)) ? version : null;
  }

  private async permitted(question: 'DISCOVER' | 'EXECUTE', objects: Securable[]): Promise<Securable[]> {
    const verdicts = await Promise.all(objects.map((object) => this.access.allowed(question, object)));
    return objects.filter((object, index) => {
      const allowed = verdicts[index];
      if (!allowed) {
        this.refusals.note(new HiddenObject(nounOf[object.kind], object.fullName, { privilege: question, object }));
      }
      return allowed;
    });
  }
}
