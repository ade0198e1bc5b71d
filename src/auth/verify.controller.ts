import { Controller, Get, Header, HttpCode, Inject, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiProblem, ProblemException } from '../problem/index.js';
import type { RequestSession } from '../session/index.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from './auth.module-definition.js';
import { ApiSession } from './auth.openapi.js';
import { crossSiteVerdict } from './cross-site.js';
import { CurrentSession } from './guards/auth.decorators.js';
import { effectiveRoles } from './guards/live-session.js';

// Traefik and Envoy send the first, nginx as it is usually configured the second.
const METHOD_HEADERS = ['x-forwarded-method', 'x-original-method'];

/** For gateways: nginx `auth_request`, Traefik and Envoy forward-auth. */
@ApiTags('auth')
@ApiSession()
@Controller('auth')
export class VerifyController {
  constructor(
    @Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'isKnownOrigin' | 'adminRole'>,
  ) {}

  @Get('verify')
  @HttpCode(204)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Check a session for a gateway',
    description:
      'Roles are those that count in this session, comma-separated. All three headers are percent-encoded.',
  })
  @ApiResponse({
    status: 204,
    description: 'The request has a live session.',
    headers: {
      'X-Auth-User-Id': { schema: { type: 'string' } },
      'X-Auth-Roles': { schema: { type: 'string' } },
      'X-Auth-Session-Id': { schema: { type: 'string' } },
    },
  })
  @ApiProblem('CROSS_SITE_REQUEST')
  verify(
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
    @CurrentSession() current: RequestSession,
  ): void {
    this.refuseCrossSite(req, current);
    res.setHeader('X-Auth-User-Id', encodeURIComponent(current.userId));
    res.setHeader(
      'X-Auth-Roles',
      effectiveRoles(current, this.options.adminRole).map(encodeURIComponent).join(','),
    );
    res.setHeader('X-Auth-Session-Id', encodeURIComponent(current.sessionId));
  }

  /** The gateway asks with GET whatever its client does; the method that counts is the one it names. */
  private refuseCrossSite(req: Request, { transport }: RequestSession): void {
    const { origin, 'sec-fetch-site': fetchSite } = req.headers;
    for (const header of METHOD_HEADERS) {
      const method = req.get(header);
      if (method === undefined) continue;
      const request = {
        method,
        origin,
        fetchSite: typeof fetchSite === 'string' ? fetchSite : undefined,
        hasSessionCookie: transport === 'cookie',
        hasBearerToken: transport === 'bearer',
      };
      const verdict = crossSiteVerdict(request, (value) => this.options.isKnownOrigin(value, req));
      if (verdict === 'refused') throw new ProblemException('CROSS_SITE_REQUEST');
    }
  }
}
