import { builtInPrincipals, METASTORE_ID, parseFullName, type Securable, SecurableRepository } from '@app/access';
import { AlreadyExists, actAs, Config } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { type ContainerKind, Containers } from './container.service.js';

/** Who is recorded as the maker: nobody has called when a process starts. */
const service = { id: builtInPrincipals.gates, name: 'imprimatur-gates', kind: 'SERVICE_PRINCIPAL' };

/** Where a model name without dots lives (DEFAULT_SCHEMA). */
@Injectable()
export class DefaultSchema {
  constructor(
    private readonly config: Config,
    private readonly containers: Containers,
    private readonly securables: SecurableRepository,
  ) {}

  /**
   * Makes the default catalog and schema where they are missing, for the start of a process; any number of processes
   * may do it at once. metastore-admins own them, and nobody is granted anything on them: everyone starts with
   * CREATE_EXPERIMENT alone (domain.md, section 2), and an administrator opens the schema to whom it is for.
   */
  async ensureDefaultSchema(): Promise<Securable> {
    const [catalogName, schemaName] = parseFullName(
      'SCHEMA',
      this.config.settings.DEFAULT_SCHEMA,
      'DEFAULT_SCHEMA',
    ) as [string, string];
    return actAs(service, async () => {
      const metastore = (await this.securables.byId(METASTORE_ID)) as Securable;
      const catalog = await this.ensure('CATALOG', metastore, catalogName, catalogName);
      return this.ensure('SCHEMA', catalog, schemaName, `${catalogName}.${schemaName}`);
    });
  }

  private async ensure(kind: ContainerKind, parent: Securable, name: string, fullName: string): Promise<Securable> {
    const found = await this.securables.byFullName(kind, fullName);
    if (found) return found;
    const made = { name, ownerId: builtInPrincipals.metastoreAdmins, createdBy: service.id };
    try {
      return await this.containers.insert(kind, parent, made);
    } catch (error) {
      // Another process was faster. Its transaction has ended: until then our INSERT waited.
      const theirs = error instanceof AlreadyExists ? await this.securables.byFullName(kind, fullName) : undefined;
      if (!theirs) throw error;
      return theirs;
    }
  }
}
