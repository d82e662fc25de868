import { Module } from '@nestjs/common';
import { AccessTokenRepository } from './access-token.repository.js';
import { AccessTokens } from './access-token.service.js';
import { Administration } from './administration.js';
import { Bootstrap } from './bootstrap.service.js';
import { EmailAddressRepository } from './email-address.repository.js';
import { EmailAddresses } from './email-addresses.service.js';
import { ExternalIdentityRepository } from './external-identity.repository.js';
import { ExternalIdentities } from './external-identity.service.js';
import { ExternalLogins } from './external-login.service.js';
import { GroupRepository } from './group.repository.js';
import { Groups } from './group.service.js';
import { IssuedTokens } from './issued-token.service.js';
import { LoginRepository } from './login.repository.js';
import { Logins } from './login.service.js';
import { PrincipalReader } from './principal.reader.js';
import { Principals } from './principal.service.js';
import { SessionRepository } from './session.repository.js';
import { Sessions } from './session.service.js';
import { SignIn } from './sign-in.service.js';

@Module({
  providers: [
    AccessTokenRepository,
    AccessTokens,
    Administration,
    Bootstrap,
    EmailAddresses,
    EmailAddressRepository,
    ExternalIdentities,
    ExternalIdentityRepository,
    ExternalLogins,
    GroupRepository,
    Groups,
    IssuedTokens,
    LoginRepository,
    Logins,
    PrincipalReader,
    Principals,
    SessionRepository,
    Sessions,
    SignIn,
  ],
  exports: [AccessTokens, Bootstrap, EmailAddresses, ExternalIdentities, Groups, Logins, Principals, Sessions, SignIn],
})
export class IdentityModule {}
