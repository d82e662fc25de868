import 'reflect-metadata';
import { LOGGER, loadConfig, NestLogger } from '@app/platform';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { WorkerModule } from './worker.module.js';

const config = loadConfig();
const app = await NestFactory.create<NestFastifyApplication>(WorkerModule.forRoot(config), new FastifyAdapter(), {
  bufferLogs: true,
  abortOnError: false,
});
const logger = app.get<Logger>(LOGGER);
app.useLogger(new NestLogger(logger));
app.enableShutdownHooks();
await app.listen(config.settings.WORKER_PORT, config.settings.HOST);
logger.info({ url: await app.getUrl() }, 'the worker is ready');
