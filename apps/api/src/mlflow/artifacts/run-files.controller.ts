import type { Readable } from 'node:stream';
import { Artifacts, artifactPath, DirectArtifacts } from '@app/artifacts';
import { InvalidArgument } from '@app/platform';
import { downloadUri, ModelVersions } from '@app/registry';
import { LoggedModels, Runs } from '@app/tracking';
import { Body, Get, Param, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Requires } from '../../http/requires.js';
import { ofVersion } from '../registry/fields.js';
import { ModelNames } from '../registry/model-names.js';
import { ofRun } from '../tracking/fields.js';
import { optional, parseParams, required, wholeNumber } from '../wire/parse.js';
import { PostOk } from '../wire/post.js';
import { MlflowController } from '../wire/words.js';
import { savedAs } from './content-type.js';
import { folderOf } from './convert.js';
import { sendArtifact } from './send.js';

const runParams = ofRun({ path: required });
const downloadParams = ofRun({ path: required, expiration: optional(wholeNumber) });
const uploadParams = z.object({ run_uuid: z.string().default(''), path: z.string().default('') });
const versionParams = ofVersion.extend({ path: required });
const modelParams = z.object({ model_id: required, artifact_file_path: required });

/** @throws InvalidArgument in the words of MLflow's server */
function demand(what: string, isGiven: boolean): void {
  if (!isGiven) throw new InvalidArgument(`Request must specify ${what}.`, [what]);
}

/** Single files of a run, and of a logged model, as MLflow's own pages ask for them. */
@MlflowController('api/2.0/mlflow')
export class RunFilesController {
  constructor(
    private readonly artifacts: Artifacts,
    private readonly direct: DirectArtifacts,
    private readonly runs: Runs,
    private readonly models: LoggedModels,
  ) {}

  @Requires('EDIT')
  @PostOk('upload-artifact')
  async upload(@Query() query: unknown, @Req() request: FastifyRequest) {
    const { run_uuid, path } = parseParams(uploadParams, query);
    demand('run_uuid', run_uuid !== '');
    demand('path', path !== '');
    artifactPath(path);
    const bytes = request.body as Readable | undefined;
    demand('data', bytes !== undefined && request.headers['content-length'] !== '0');
    const run = await this.runs.summary(run_uuid);
    await this.artifacts.write(`${folderOf(run.artifactUri)}/${path}`, bytes as Readable);
    return {};
  }

  /** A URL at the bucket itself, where ARTIFACT_TRANSFER lets there be one. */
  @Requires('READ')
  @PostOk('artifacts/presigned-download-url')
  async downloadUrl(@Body() body: unknown) {
    const { run_id, path, expiration } = parseParams(downloadParams, body);
    const run = await this.runs.summary(run_id);
    const file = `${folderOf(run.artifactUri)}/${path}`;
    const seconds = expiration === undefined ? {} : { seconds: expiration };
    const { url, size } = await this.direct.downloadUrl(file, { ...savedAs(path), ...seconds });
    return { presigned_url: url, headers: {}, file_size: size };
  }

  @Requires('READ')
  @Get('logged-models/:model_id/artifacts/files')
  async ofModel(
    @Param() params: object,
    @Query() query: object,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { model_id, artifact_file_path } = parseParams(modelParams, { ...query, ...params });
    const folder = folderOf((await this.models.get(model_id)).artifactUri);
    await sendArtifact(this.artifacts, `${folder}/${artifact_file_path}`, request, reply);
  }
}

/** The same of a run, on the one path of MLflow's pages that has no generation in it. */
@MlflowController('get-artifact')
export class RunFileController {
  constructor(
    private readonly artifacts: Artifacts,
    private readonly runs: Runs,
  ) {}

  @Requires('READ')
  @Get()
  async get(@Query() query: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { run_id, path } = parseParams(runParams, query);
    const run = await this.runs.summary(run_id);
    await sendArtifact(this.artifacts, `${folderOf(run.artifactUri)}/${path}`, request, reply);
  }
}

/** The same of a model version, for those who may load it. */
@MlflowController('model-versions/get-artifact')
export class VersionFileController {
  constructor(
    private readonly artifacts: Artifacts,
    private readonly names: ModelNames,
    private readonly versions: ModelVersions,
  ) {}

  @Requires('EXECUTE')
  @Get()
  async get(@Query() query: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { name, version, path } = parseParams(versionParams, query);
    const found = await this.versions.get(this.names.full(name), version);
    await sendArtifact(this.artifacts, `${folderOf(downloadUri(found))}/${path}`, request, reply);
  }
}
