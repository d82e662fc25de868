import { type ArtifactManifest, ArtifactManifests } from '@app/artifacts';
import { DomainError } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { parseMlmodel, type VersionContent } from './mlmodel.js';
import { requirementsOf } from './requirements.js';

/** The signature of a model with thousands of columns has about one megabyte. */
const longestMlmodel = 4 * 2 ** 20;
const longestRequirements = 2 ** 20;

/** The files of a version as they are in the store. */
@Injectable()
export class VersionFiles {
  constructor(private readonly manifests: ArtifactManifests) {}

  async size(folder: string): Promise<number> {
    return (await this.manifests.totalSize(folder)).bytes;
  }

  /**
   * Reads every byte whose digest was not computed when it came in. A folder without an MLmodel file has no signature and no flavors; gates judge whether that will do.
   * @returns what is wrong with the files, when something is: that is an outcome. Not being able to read them now is an
   *   error, to be tried again.
   */
  async read(folder: string): Promise<{ manifest: ArtifactManifest; content: VersionContent } | DomainError> {
    try {
      const manifest = await this.manifests.asUploaded(folder);
      const mlmodel = await this.manifests.readText(`${folder}/MLmodel`, longestMlmodel);
      const content = mlmodel === undefined ? { signature: null, flavors: null } : parseMlmodel(mlmodel);
      return { manifest, content: { ...content, requirements: await this.requirements(folder, manifest) } };
    } catch (error) {
      if (error instanceof DomainError && error.kind !== 'UNAVAILABLE') return error;
      throw error;
    }
  }

  private async requirements(folder: string, { files }: ArtifactManifest): Promise<string[] | null> {
    const textOf = (name: string) => {
      const isThere = files.some(({ path, size }) => path === name && size <= longestRequirements);
      return isThere ? this.manifests.readText(`${folder}/${name}`, longestRequirements) : undefined;
    };
    return requirementsOf({
      requirementsTxt: await textOf('requirements.txt'),
      condaYaml: await textOf('conda.yaml'),
    });
  }
}
