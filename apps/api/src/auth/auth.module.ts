import { IdentityModule } from '@app/identity';
import { Module } from '@nestjs/common';
import { FailedAuthentications } from '../http/failed-authentications.js';
import { AuthController } from './auth.controller.js';
import { Callers } from './callers.js';
import { Cookies } from './cookies.js';

/** Who calls; and the door for browsers that sign in: /auth. */
@Module({
  imports: [IdentityModule],
  controllers: [AuthController],
  providers: [Callers, Cookies, FailedAuthentications],
  exports: [Callers, IdentityModule, Cookies],
})
export class AuthModule {}
