import { randomUUID, timingSafeEqual } from 'node:crypto';
import {
  BadRequestException,
  Body,
  Controller,
  Delete,
  ForbiddenException,
  Headers,
  HttpCode,
  Param,
  Post,
  Req,
} from '@nestjs/common';
import type { Request } from 'express';
import { SessionService } from 'latchkey';

/** Lets its holder kick players: the same on both nodes, and good for nothing else. */
export const { REFEREE_KEY = '' } = process.env;
if (REFEREE_KEY.length < 32)
  throw new Error('REFEREE_KEY: set it to 32 characters or more, the same on both nodes.');

/** Guests: whoever comes with a name is a new player. */
@Controller('players')
export class PlayersController {
  constructor(private readonly sessions: SessionService) {}

  @Post()
  async join(@Req() req: Request, @Body() body?: { name?: unknown; transport?: unknown }) {
    const name = body?.name;
    if (typeof name !== 'string' || !/^\w{1,20}$/.test(name)) throw new BadRequestException('name: a word.');
    const id = randomUUID();
    const ticket = await this.sessions.takeTicket(id);
    const principal = {
      ...{ id, email: '', displayName: name, roles: [], disabled: false },
      createdAt: new Date().toISOString(),
    };
    const transport = body?.transport === 'bearer' ? 'bearer' : 'cookie';
    const { token } = await this.sessions.establish(req, { principal, ticket, transport });
    return { id, token };
  }

  @Delete('me')
  @HttpCode(204)
  async leave(@Req() req: Request): Promise<void> {
    await this.sessions.end(req);
  }

  @Delete(':id')
  async kick(@Param('id') id: string, @Headers('x-referee-key') key = '') {
    const [given, right] = [Buffer.from(key), Buffer.from(REFEREE_KEY)];
    if (given.length !== right.length || !timingSafeEqual(given, right)) throw new ForbiddenException();
    return this.sessions.revokeAll(id);
  }
}
