import { DirectArtifacts } from '@app/artifacts';
import { Body, Controller, Get, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Requires } from '../../http/requires.js';
import { parseParams, required, wholeNumber } from '../wire/parse.js';
import { PostOk } from '../wire/post.js';
import { savedAs } from './content-type.js';
import { pathOf } from './path-of.js';

/** What S3 takes. */
const mostParts = 10_000;

/** `path` is the file on the client's machine, of which the name counts. */
const createParams = z.object({
  path: required,
  num_parts: wholeNumber
    .pipe(z.number().min(1, `must be from 1 to ${mostParts}`).max(mostParts, `must be from 1 to ${mostParts}`))
    .default(1),
});
const uploadParams = z.object({ path: required, upload_id: required });
const part = z.object({ part_number: wholeNumber, etag: required });
const completeParams = uploadParams.extend({ parts: z.array(part).min(1).max(mostParts) });

/** Below the folder that the route names, as the client sends it. */
const targetOf = (request: FastifyRequest, file: string): string =>
  [pathOf(request).replace(/\/$/, ''), file.split(/[\\/]/).at(-1)].join('/');

/**
 * Uploads in parts and downloads that go past this service, when ARTIFACT_TRANSFER lets them: the client asks for URLs,
 * and tells when it is done (mlflow/store/artifact/http_artifact_repo.py).
 */
@Controller('api/2.0/mlflow-artifacts')
export class DirectTransfersController {
  constructor(private readonly transfers: DirectArtifacts) {}

  @Requires('EDIT')
  @PostOk('mpu/create/*')
  async create(@Req() request: FastifyRequest, @Body() body: unknown) {
    const { path, num_parts } = parseParams(createParams, body);
    const { id, urls } = await this.transfers.beginUpload(targetOf(request, path), num_parts);
    return { upload_id: id, credentials: urls.map((url, index) => ({ url, part_number: index + 1, headers: {} })) };
  }

  @Requires('EDIT')
  @PostOk('mpu/complete/*')
  async complete(@Req() request: FastifyRequest, @Body() body: unknown) {
    const { path, upload_id, parts } = parseParams(completeParams, body);
    const uploaded = parts.map(({ part_number, etag }) => ({ number: part_number, etag }));
    await this.transfers.finishUpload(upload_id, targetOf(request, path), uploaded);
    return {};
  }

  @Requires('EDIT')
  @PostOk('mpu/abort/*')
  async abort(@Req() request: FastifyRequest, @Body() body: unknown) {
    const { path, upload_id } = parseParams(uploadParams, body);
    await this.transfers.abortUpload(upload_id, targetOf(request, path));
    return {};
  }

  @Requires('READ', 'EXECUTE')
  @Get('presigned/*')
  async download(@Req() request: FastifyRequest) {
    const { url, size } = await this.transfers.downloadUrl(pathOf(request), savedAs(pathOf(request)));
    return { url, headers: {}, file_size: size };
  }
}
