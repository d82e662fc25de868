import { Readable } from 'node:stream';
import { type ArtifactContent, Artifacts, RangeNotSatisfiable } from '@app/artifacts';
import { DomainError } from '@app/platform';
import { Controller, Delete, Get, HttpException, HttpStatus, Post, Put, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Open, Requires } from '../../http/requires.js';
import { omitUnset, parseParams, required } from '../wire/parse.js';
import { attachment, contentTypeOf } from './content-type.js';
import { toMlflowFile } from './convert.js';
import { parseRange } from './range.js';

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
    const path = pathOf(request);
    const { size, span, stream } = await this.open(path, request, reply);
    reply
      .headers({
        'accept-ranges': 'bytes',
        'content-type': contentTypeOf(path),
        'content-disposition': attachment(path),
        'x-content-type-options': 'nosniff',
        'content-length': span ? span.end - span.start + 1 : size,
      })
      .status(span ? 206 : 200);
    if (span) reply.header('content-range', `bytes ${span.start}-${span.end}/${size}`);
    await reply.send(stream);
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

  private async open(path: string, request: FastifyRequest, reply: FastifyReply): Promise<ArtifactContent> {
    try {
      return await this.artifacts.open(path, parseRange(request.headers.range));
    } catch (error) {
      if (!(error instanceof RangeNotSatisfiable)) throw error;
      reply.header('content-range', `bytes */${error.size}`);
      throw new HttpException(error.message, HttpStatus.REQUESTED_RANGE_NOT_SATISFIABLE);
    }
  }
}
