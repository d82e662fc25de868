import 'reflect-metadata';
import { LOGGER, loadConfigOrExit } from '@app/platform';
import { ShutdownSignal } from '@nestjs/common';
import type { Logger } from 'pino';
import { createApp } from './create-app.js';

const config = loadConfigOrExit();
const app = await createApp(config);
// Requests in flight are answered before the process ends: Fastify closes first, the pool last.
app.enableShutdownHooks([ShutdownSignal.SIGTERM, ShutdownSignal.SIGINT]);
await app.listen(config.settings.PORT, config.settings.HOST);
app.get<Logger>(LOGGER).info({ url: await app.getUrl() }, 'the API listens');
