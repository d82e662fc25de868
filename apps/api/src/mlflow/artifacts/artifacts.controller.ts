import { Readable } from 'node:stream';
import { Artifacts } from '@app/artifacts';
import { DomainError } from '@app/platform';
import { Controller, Delete, Get, Post, Put, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Open, Requires } from '../../http/requires.js';
import { omitUnset, parseParams, required } from '../wire/parse.js';
import { toMlflowFile } from './convert.js';
import { sendArtifact } from './send.js';

const listParams = z.object({ path: required });

/** The path behind the route, decoded. */
const pathOf = (request: FastifyRequest): string => (request.params as { '*': string })['*'];

/** The artifact proxy: what `mlflow-artifacts:/…` becomes in the client (mlflow/store/artifact/mlflow_artifacts_repo.py). */
@Controller('api/2.0/mlflow-artifacts')
export class ArtifactsController {
  constructor(private readonly artifacts: Artifacts) {}

  @Requires('READ', 'EXECUTE')
  @Get('artifacts')
  async list(@Query() query: unknown) {
    const { path } = parseParams(listParams, query);
    const entries = await this.artifacts.list(path.replace(/\/$/, ''));
    return omitUnset({ files: entries.map((entry) => toMlflowFile(entry)) });
  }

  @Requires('READ', 'EXECUTE')
  @Get('artifacts/*')
  async download(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await sendArtifact(this.artifacts, pathOf(request), request, reply);
  }

  @Requires('EDIT')
  @Put('artifacts/*')
  async upload(@Req() request: FastifyRequest) {
    await this.artifacts.write(pathOf(request), (request.body as Readable | undefined) ?? Readable.from([]));
    return {};
  }

  @Requires('EDIT')
  @Delete('artifacts/*')
  async delete(@Req() request: FastifyRequest) {
    await this.artifacts.delete(pathOf(request));
    return {};
  }

  /** The beginning of the message is what tells the client to upload the file as a whole. */
  @Open('answers that there is no such thing here')
  @Post('mpu/*')
  multipart(): never {
    throw new DomainError(
      'NOT_IMPLEMENTED',
      'MULTIPART_UPLOAD',
      'Multipart upload is not supported for the current artifact repository: send the file with one PUT',
    );
  }

  @Open('answers that there is no such thing here')
  @Get('presigned/*')
  presigned(): never {
    throw new DomainError(
      'NOT_IMPLEMENTED',
      'PRESIGNED_DOWNLOAD',
      'Presigned download is not supported for the current artifact repository: GET the file from /mlflow-artifacts/artifacts',
    );
  }
}
