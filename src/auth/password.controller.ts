import { Body, Controller, Header, HttpCode, Inject, Post, Put, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiProblem } from '../problem/index.js';
import type { RequestSession } from '../session/index.js';
import { ApiSession, REVOCATION_HEADERS } from './auth.openapi.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from './auth.module-definition.js';
import { LoggedInSchema } from './auth.responses.js';
import {
  type ChangePasswordInput,
  ChangePasswordSchema,
  type ReauthenticateInput,
  ReauthenticateSchema,
} from './auth.schemas.js';
import { CurrentSession } from './guards/auth.decorators.js';
import { answerLoggedIn, type LoggedInAnswer } from './logged-in-answer.js';
import { PasswordService } from './password.service.js';
import { ValidateInput } from './validation.js';

/** What one does with one's own password. */
@ApiTags('auth')
@ApiSession()
@ValidateInput()
@Controller('auth')
export class PasswordController {
  constructor(
    private readonly passwords: PasswordService,
    @Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'cookie'>,
  ) {}

  @Post('reauthenticate')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Prove presence again',
    description:
      'This session gets a new id and counts as just logged in. The fifth wrong password ends it: 401 `SESSION_ENDED`.',
  })
  @ApiResponse({
    status: 200,
    description: 'The session under its new id.',
    standardSchema: LoggedInSchema,
    headers: REVOCATION_HEADERS,
  })
  @ApiProblem(
    'INVALID_CREDENTIALS',
    'SESSION_ENDED',
    'TOO_MANY_ATTEMPTS',
    'LOGIN_BUSY',
    'DATABASE_UNAVAILABLE',
  )
  async reauthenticate(
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
    @CurrentSession() current: RequestSession,
    @Body({ schema: ReauthenticateSchema }) body: ReauthenticateInput,
  ): Promise<LoggedInAnswer> {
    return answerLoggedIn(res, await this.passwords.reauthenticate(req, current, body), this.options);
  }

  @Put('password')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Change my password',
    description:
      'Ends every other session; this one gets a new id. The fifth wrong password ends it: 401 `SESSION_ENDED`.',
  })
  @ApiResponse({
    status: 200,
    description: 'The session under its new id.',
    standardSchema: LoggedInSchema,
    headers: REVOCATION_HEADERS,
  })
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
    @Res({ passthrough: true }) res: Response,
    @CurrentSession() current: RequestSession,
    @Body({ schema: ChangePasswordSchema }) body: ChangePasswordInput,
  ): Promise<LoggedInAnswer> {
    return answerLoggedIn(res, await this.passwords.change(req, current, body), this.options);
  }
}
