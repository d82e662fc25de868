import { Global, Module } from '@nestjs/common';
import { Access } from './access.service.js';
import { AccessChangeReader } from './access-change.reader.js';
import { AccessPreviews } from './access-change.service.js';
import { AccessSnapshots } from './access-snapshot.js';
import { Authenticator } from './authenticator.js';
import { ExplanationReader } from './explanation.reader.js';
import { Explanations } from './explanation.service.js';
import { PrincipalRepository } from './principal.repository.js';
import { SecurableRepository } from './securable.repository.js';
import { WhoCanReader } from './who-can.reader.js';

@Global()
@Module({
  providers: [
    Access,
    AccessChangeReader,
    AccessPreviews,
    AccessSnapshots,
    Authenticator,
    ExplanationReader,
    Explanations,
    PrincipalRepository,
    SecurableRepository,
    WhoCanReader,
  ],
  exports: [
    Access,
    AccessPreviews,
    AccessSnapshots,
    Authenticator,
    Explanations,
    PrincipalRepository,
    SecurableRepository,
  ],
})
export class AccessModule {}
