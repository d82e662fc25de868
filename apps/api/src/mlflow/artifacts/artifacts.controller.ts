import { Readable } from 'node:stream';
import { Artifacts } from '@app/artifacts';
import { Controller, Delete, Get, Put, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Requires } from '../../http/requires.js';
import { omitUnset, parseParams, required } from '../wire/parse.js';
import { toMlflowFile } from './convert.js';
import { pathOf } from './path-of.js';
import { sendArtifact } from './send.js';

const listParams = z.object({ path: required });

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
}
