import { Body, Controller, Header, HttpCode, Post, Put, Req } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { ApiProblem } from '../problem/index.js';
import type { RequestSession } from '../session/index.js';
import { ApiSession } from './auth.openapi.js';
import { LoggedInSchema, toUserView } from './auth.responses.js';
import {
  type ChangePasswordInput,
  ChangePasswordSchema,
  type ReauthenticateInput,
  ReauthenticateSchema,
} from './auth.schemas.js';
import type { LoggedIn } from './auth.service.js';
import { CurrentSession } from './guards/auth.decorators.js';
import { PasswordService } from './password.service.js';
import { ValidateInput } from './validation.js';

/** What one does with one's own password. */
@ApiTags('auth')
@ApiSession()
@ValidateInput()
@Controller('auth')
export class PasswordController {
  constructor(private readonly passwords: PasswordService) {}

  @Post('reauthenticate')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Prove presence again',
    description: 'This session gets a new id and counts as just logged in.',
  })
  @ApiResponse({ status: 200, description: 'The session under its new id.', standardSchema: LoggedInSchema })
  @ApiProblem(
    'INVALID_CREDENTIALS',
    'SESSION_ENDED',
    'TOO_MANY_ATTEMPTS',
    'LOGIN_BUSY',
    'DATABASE_UNAVAILABLE',
  )
  async reauthenticate(
    @Req() req: Request,
    @CurrentSession() current: RequestSession,
    @Body({ schema: ReauthenticateSchema }) { password }: ReauthenticateInput,
  ) {
    return answer(await this.passwords.reauthenticate(req, current, password));
  }

  @Put('password')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Change my password',
    description: 'Ends every other session; this one gets a new id.',
  })
  @ApiResponse({ status: 200, description: 'The session under its new id.', standardSchema: LoggedInSchema })
  @ApiProblem(
    'PASSWORD_TOO_WEAK',
    'INVALID_CREDENTIALS',
    'SESSION_ENDED',
    'TOO_MANY_ATTEMPTS',
    'LOGIN_BUSY',
    'DATABASE_UNAVAILABLE',
  )
  async change(
    @Req() req: Request,
    @CurrentSession() current: RequestSession,
    @Body({ schema: ChangePasswordSchema }) { currentPassword, newPassword }: ChangePasswordInput,
  ) {
    return answer(await this.passwords.change(req, current, currentPassword, newPassword));
  }
}

function answer({ user, session, token }: LoggedIn) {
  return { user: toUserView(user), session, token };
}
