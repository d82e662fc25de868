import { Artifacts } from '@app/artifacts';
import { LoggedModels, Runs } from '@app/tracking';
import { Get, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { Requires } from '../../http/requires.js';
import { ofRun } from '../tracking/fields.js';
import { omitUnset, optional, parseParams, required } from '../wire/parse.js';
import { MlflowController } from '../wire/words.js';
import { folderOf, toMlflowFile } from './convert.js';

const runParams = ofRun({ path: optional(z.string()) });
const modelParams = z.object({ model_id: required, artifact_directory_path: optional(z.string()) });

/** The files of a run, and those of a logged model, by the name of what they belong to. */
@MlflowController('api/2.0/mlflow')
export class ListingsController {
  constructor(
    private readonly artifacts: Artifacts,
    private readonly runs: Runs,
    private readonly models: LoggedModels,
  ) {}

  @Requires('READ')
  @Get('artifacts/list')
  async ofRun(@Query() query: unknown) {
    const { run_id, path } = parseParams(runParams, query);
    return this.list((await this.runs.get(run_id)).artifactUri, path);
  }

  @Requires('READ')
  @Get('logged-models/:model_id/artifacts/directories')
  async ofModel(@Param() path: object, @Query() query: object) {
    const { model_id, artifact_directory_path } = parseParams(modelParams, { ...query, ...path });
    return this.list((await this.models.get(model_id)).artifactUri, artifact_directory_path);
  }

  private async list(rootUri: string, folder: string | undefined) {
    const root = folderOf(rootUri);
    const below = folder?.replace(/\/$/, '') || undefined;
    const entries = await this.artifacts.list(below ? `${root}/${below}` : root);
    return omitUnset({ root_uri: rootUri, files: entries.map((entry) => toMlflowFile(entry, below)) });
  }
}
