import { DomainError } from '@app/platform';
import { Controller, Delete, Get, Patch, Post, Put, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Open } from '../http/requires.js';
import { type NotOffered, notOffered } from './not-offered.js';

const paths = notOffered.flatMap((each) => [...each.paths]);
/** By the path of the route, as Fastify tells it. */
const byRoute = new Map(notOffered.flatMap((each) => each.paths.map((path) => [`/${path}`, each])));
const why = 'answers that there is no such thing here';

/** Says of parts of MLflow that they are not here, and what is instead: a clear answer, which no client repeats. */
@Controller()
export class NotOfferedController {
  @Open(why)
  @Get(paths)
  get(@Req() request: FastifyRequest): never {
    throw refusal(request);
  }

  @Open(why)
  @Post(paths)
  post(@Req() request: FastifyRequest): never {
    throw refusal(request);
  }

  @Open(why)
  @Patch(paths)
  patch(@Req() request: FastifyRequest): never {
    throw refusal(request);
  }

  @Open(why)
  @Put(paths)
  put(@Req() request: FastifyRequest): never {
    throw refusal(request);
  }

  @Open(why)
  @Delete(paths)
  delete(@Req() request: FastifyRequest): never {
    throw refusal(request);
  }
}

function refusal({ routeOptions }: FastifyRequest): DomainError {
  const { part, instead } = byRoute.get(routeOptions.url as string) as NotOffered;
  return new DomainError('NOT_IMPLEMENTED', 'NOT_OFFERED', `This service does not offer ${part}: ${instead}`);
}
