import { Controller, Get } from '@nestjs/common';
import { hostMetadataPath } from '../../http/surface.js';

/**
 * Where the databricks-sdk asks what host it has been given, before it shows a token. There is nothing to tell it: no
 * account, no cloud, no other place to log in. Without an answer it warns its user, and is counted as failed to authenticate.
 */
@Controller()
export class HostMetadataController {
  @Get(hostMetadataPath)
  metadata(): Record<string, never> {
    return {};
  }
}
