// The first administrator and the default schema: run once before the service starts, and harmless when run again.
// Prints one line of JSON: {"created":true,"token":"…"}; the token only when it was made here.
import 'reflect-metadata';
import { AccessModule } from '@app/access';
import { AuditModule } from '@app/audit';
import { Bootstrap, IdentityModule } from '@app/identity';
import { DefaultSchema, NamespaceModule } from '@app/namespace';
import { type Config, loadConfigOrExit, PlatformModule } from '@app/platform';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

@Module({})
class BootstrapModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: BootstrapModule,
      imports: [
        PlatformModule.forRoot('bootstrap', config),
        AccessModule,
        AuditModule,
        IdentityModule,
        NamespaceModule,
      ],
    };
  }
}

const config = loadConfigOrExit();
const app = await NestFactory.createApplicationContext(BootstrapModule.forRoot(config), {
  logger: false,
  abortOnError: false,
});
const given = config.settings.BOOTSTRAP_ADMIN_TOKEN;
const { created, token } = await app.get(Bootstrap).bootstrapAdmin(given);
await app.get(DefaultSchema).ensureDefaultSchema();
await app.close();
process.stdout.write(`${JSON.stringify({ created, ...(created && !given && { token }) })}\n`);
