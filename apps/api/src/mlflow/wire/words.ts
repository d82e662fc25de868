import { AlreadyExists, DomainError, NotFound } from '@app/platform';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { applyDecorators, Controller, Injectable, UseInterceptors } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { catchError, type Observable } from 'rxjs';
import { ModelNames } from '../registry/model-names.js';

const ofVersion = (name: string): string => {
  const [, model = name, number = ''] = /^(.*)\/(\d+)$/.exec(name) ?? [];
  return `Model Version (name=${model}, version=${number}) not found`;
};

/** What MLflow's server says of something that is not there, by our noun. Programs, and its own tests, look for these. */
const absent: Readonly<Record<string, (name: string) => string>> = {
  Experiment: (name) =>
    /^-?\d+$/.test(name) ? `No Experiment with id=${name} exists` : `Could not find experiment with name '${name}'`,
  'Logged model': (name) => `Logged model with ID '${name}' not found.`,
  'Logged model tag': (name) => `No tag with key '${name}' found`,
  'Model version': ofVersion,
  'Registered model': (name) => `Registered Model with name=${name} not found`,
  Permission: (name) => `Permission with ${name} not found`,
  Principal: (name) => `User with username=${name} not found`,
  Run: (name) => `Run with id=${name} not found`,
  Tag: (name) => `No tag with name: ${name}`,
  Webhook: (name) => `Webhook with ID ${name} not found.`,
};

const taken: Readonly<Record<string, (name: string) => string>> = {
  Experiment: (name) => `Experiment(name=${name}) already exists.`,
  Permission: (name) => `Permission (${name}) already exists.`,
  Prompt: (name) => `Prompt (name=${name}) already exists.`,
  'Registered model': (name) => `Registered Model (name=${name}) already exists.`,
};

const aboutModels = ['Registered model', 'Model version', 'Prompt'];

/**
 * Whoever names a workspace expects that others do not see what he does there: nothing is done that would not be so.
 * @throws DomainError NOT_IMPLEMENTED
 */
function requireNoWorkspace({ headers }: FastifyRequest): void {
  const workspace = String(headers['x-mlflow-workspace'] ?? '').trim();
  if (workspace === '' || workspace === 'default') return;
  throw new DomainError(
    'NOT_IMPLEMENTED',
    'NOT_OFFERED',
    `This service does not offer workspaces: the header X-MLFLOW-WORKSPACE ("${workspace.slice(0, 100)}") has no meaning here. Unset MLFLOW_WORKSPACE, name models catalog.schema.model, and grant on catalogs and schemas`,
  );
}

/** The name of a model that a request asked for, or wanted to take. */
function askedName({ query, body }: FastifyRequest, isTaken: boolean): string {
  const { name, new_name } = { ...(query as object), ...(body as object) } as Record<string, unknown>;
  return String((isTaken && new_name) || name || '');
}

/**
 * Tells of what is absent, and of what is taken, as MLflow's server does. What is hidden is told of in the words for the
 * absent, here as everywhere. The error stays the same one: who counts refusals still knows it.
 */
@Injectable()
export class MlflowWords implements NestInterceptor {
  constructor(private readonly names: ModelNames) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    requireNoWorkspace(request);
    return next.handle().pipe(
      catchError((error: unknown) => {
        if (error instanceof NotFound) this.reword(error, absent, askedName(request, false));
        if (error instanceof AlreadyExists) this.reword(error, taken, askedName(request, true));
        throw error;
      }),
    );
  }

  private reword(error: NotFound | AlreadyExists, sentences: typeof absent, asked: string): void {
    const { noun, objectName } = error;
    const sentence = sentences[noun];
    if (!sentence) return;
    const isOfModel = aboutModels.includes(noun) && objectName.includes('.');
    error.message = sentence(isOfModel ? this.names.asAsked(asked, objectName) : objectName);
  }
}

/** A controller of calls that MLflow's clients make: errors are told in the words that they know. */
export const MlflowController = (path: string): ClassDecorator =>
  applyDecorators(Controller(path), UseInterceptors(MlflowWords));
