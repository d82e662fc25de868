import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Controller, Get } from '@nestjs/common';

/** The nearest package.json above this file: it is as far up in the sources as in the build, give or take a folder. */
function packageVersion(folder: string): string {
  const file = path.join(folder, 'package.json');
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || folder === path.dirname(folder)) throw error;
    return packageVersion(path.dirname(folder));
  }
}

/** MLflow clients ask for the server's version when they trace. */
@Controller('version')
export class VersionController {
  private readonly version = packageVersion(path.dirname(fileURLToPath(import.meta.url)));

  @Get()
  get(): string {
    return this.version;
  }
}
