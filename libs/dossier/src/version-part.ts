import type { Securable } from '@app/access';
import { ArtifactManifests } from '@app/artifacts';
import { cardFiles, largestCard, writtenSections } from '@app/gates';
import { ModelRecords, type ModelVersion, VersionRecords, versionName } from '@app/registry';
import { Injectable } from '@nestjs/common';
import type { Dossier } from './dossier.schema.js';
import type { People } from './people.js';

type VersionPart = NonNullable<Dossier['version']>;

const mostFiles = 200;
const longestCard = 100_000;

/** What a dossier says of the version, for who may EXECUTE its model: no right is asked here. */
@Injectable()
export class VersionParts {
  constructor(
    private readonly manifests: ArtifactManifests,
    private readonly models: ModelRecords,
    private readonly versions: VersionRecords,
  ) {}

  async of(model: Securable, version: ModelVersion, people: People): Promise<VersionPart> {
    const files = await this.versions.files(version.id);
    const written = await this.models.cardOf(version);
    const aliases = await this.versions.aliasesOf([version.id]);
    const file = cardFiles.find((name) => files.some(({ path, size }) => path === name && size <= largestCard));
    const text = await this.cardText(version, file);
    const texts = [text, written.versionDescription, written.modelDescription].filter((each) => each !== null);
    return {
      name: versionName(model.fullName, version.number),
      status: version.status,
      stage: version.stage,
      description: written.versionDescription,
      tags: written.tags,
      aliases: aliases.map(({ alias }) => alias),
      createdAt: version.createdAt.toISOString(),
      createdBy: people.personOrNull(version.createdBy),
      model: {
        fullName: model.fullName,
        description: written.modelDescription,
        owner: people.person(model.ownerId),
      },
      card: {
        file: text === null ? null : (file ?? null),
        text: text?.slice(0, longestCard) ?? null,
        cutOff: (text?.length ?? 0) > longestCard,
        sections: [...new Set(texts.flatMap(writtenSections))].sort(),
      },
      artifact: {
        digest: version.artifactDigest,
        bytes: version.artifactSize,
        files: files.length,
        manifest: files.slice(0, mostFiles).map(({ path, size, sha256 }) => ({ path, bytes: size, sha256 })),
        omitted: Math.max(0, files.length - mostFiles),
      },
      signature: version.signature,
      flavors: Object.keys(version.flavors ?? {}).sort(),
      requirements: version.requirements,
      source: version.source,
      runId: version.runId,
    };
  }

  private async cardText({ storagePath }: ModelVersion, file: string | undefined): Promise<string | null> {
    if (storagePath === null || file === undefined) return null;
    return (await this.manifests.readText(`${storagePath}/${file}`, largestCard)) ?? null;
  }
}
