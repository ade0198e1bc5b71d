import { Body, Controller, Get, Header, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiProblem } from '../problem/index.js';
import type { RequestSession, SessionView } from '../session/index.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from './auth.module-definition.js';
import { ApiSession, REVOCATION_HEADERS } from './auth.openapi.js';
import { LoggedInSchema, toUserView, type UserView, WhoAmISchema } from './auth.responses.js';
import { type LoginInput, LoginSchema } from './auth.schemas.js';
import { CurrentSession, Public } from './guards/auth.decorators.js';
import { answerLoggedIn, type LoggedInAnswer } from './logged-in-answer.js';
import { LoginService } from './login.service.js';
import { OwnSessionsService } from './own-sessions.service.js';
import { sayGoodbye } from './session-ending.js';
import { ValidateInput } from './validation.js';

interface LoginAnswer {
  user: UserView;
  session: SessionView;
  token?: string | undefined;
}

/** Coming, going, and who one is. */
@ApiTags('auth')
@ValidateInput()
@Controller('auth')
export class AuthController {
  constructor(
    private readonly logins: LoginService,
    private readonly sessions: OwnSessionsService,
    @Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'cookie' | 'clearSiteData'>,
  ) {}

  @Public()
  @Post('login')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Log in',
    description: 'Always a new session; what an anonymous one held is carried over.',
  })
  @ApiResponse({
    status: 200,
    description: 'Logged in.',
    standardSchema: LoggedInSchema,
    headers: REVOCATION_HEADERS,
  })
  @ApiProblem(
    'INVALID_CREDENTIALS',
    'TOO_MANY_SESSIONS',
    'TOO_MANY_ATTEMPTS',
    'LOGIN_BUSY',
    'DATABASE_UNAVAILABLE',
  )
  async login(
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
    @Body({ schema: LoginSchema }) body: LoginInput,
  ): Promise<LoggedInAnswer> {
    return answerLoggedIn(res, await this.logins.login(req, body), this.options);
  }

  @Public()
  @Post('logout')
  @HttpCode(204)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'End this session', description: 'Succeeds without one, too.' })
  @ApiSession()
  @ApiResponse({ status: 204, description: 'There is no session any more.', headers: REVOCATION_HEADERS })
  async logout(@Req() req: Request, @Res({ passthrough: true }) res: Response): Promise<void> {
    if ((await this.sessions.end(req)) === 'cookie') sayGoodbye(res, this.options);
  }

  @Get('session')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Who am I' })
  @ApiSession()
  @ApiResponse({
    status: 200,
    description: 'The user and the session of this request.',
    standardSchema: WhoAmISchema,
  })
  session(@CurrentSession() session: RequestSession): LoginAnswer {
    return { user: toUserView(session.principal), session: session.view() };
  }
}
