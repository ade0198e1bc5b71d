import { Body, Controller, Header, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiProblem } from '../../problem/index.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from '../auth.module-definition.js';
import { LoggedInSchema } from '../auth.responses.js';
import {
  type ConfirmRegistrationInput,
  ConfirmRegistrationSchema,
  type RegisterInput,
  RegisterSchema,
} from '../auth.schemas.js';
import { Public } from '../guards/auth.decorators.js';
import { answerLoggedIn, type LoggedInAnswer } from '../logged-in-answer.js';
import { ValidateInput } from '../validation.js';
import { RegistrationService } from './registration.service.js';

/** How visitors get an account. */
@ApiTags('auth')
@Public()
@ValidateInput()
@Controller('auth/register')
export class RegistrationController {
  constructor(
    private readonly registrations: RegistrationService,
    @Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'cookie'>,
  ) {}

  @Post()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Create an account and log in',
    description: 'Or ask for an account, where registrations have to be confirmed by e-mail.',
  })
  @ApiResponse({ status: 201, description: 'Logged in as the new account.', standardSchema: LoggedInSchema })
  @ApiResponse({
    status: 202,
    description: 'A mail is on its way: to be confirmed, or that there is an account already. No body.',
  })
  @ApiProblem(
    'PASSWORD_TOO_WEAK',
    'REGISTRATION_CLOSED',
    'EMAIL_TAKEN',
    'TOO_MANY_ATTEMPTS',
    'LOGIN_BUSY',
    'DATABASE_UNAVAILABLE',
  )
  async register(
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
    @Body({ schema: RegisterSchema }) body: RegisterInput,
  ): Promise<LoggedInAnswer | undefined> {
    const loggedIn = await this.registrations.register(req, body);
    if (loggedIn) return answerLoggedIn(res, loggedIn, this.options);
    res.status(202);
    return undefined;
  }

  @Post('confirm')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Confirm an account and log in',
    description: 'With the token from the mail, which works once, for 24 hours.',
  })
  @ApiResponse({ status: 201, description: 'Logged in as the new account.', standardSchema: LoggedInSchema })
  @ApiProblem('INVALID_TOKEN', 'REGISTRATION_CLOSED', 'DATABASE_UNAVAILABLE')
  async confirm(
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
    @Body({ schema: ConfirmRegistrationSchema }) body: ConfirmRegistrationInput,
  ): Promise<LoggedInAnswer> {
    return answerLoggedIn(res, await this.registrations.confirm(req, body), this.options);
  }
}
