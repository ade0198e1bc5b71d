import { Controller, Get, Module, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Request } from 'express';
import type { Redis } from 'ioredis';
import type { AddressInfo } from 'node:net';

import { effectiveRoles, liveSession } from '../../../src/auth/guards/live-session.js';
import { ProblemFilter } from '../../../src/problem/index.js';
import {
  presentedCredential,
  type SessionEvent,
  SessionModule,
  SessionObserver,
  type StoreOperation,
} from '../../../src/session/index.js';
import { requestStateOf } from '../../../src/session/request/request-state.js';
import type { SessionState } from '../../../src/session/store/session-state.js';
import { rawRequest, sendRaw } from '../raw-http.js';
import type { ReaderSettings, ReadSession, Refusal, SessionVector } from './session-vector.js';

/** What Node makes of a request: a session, or what can be seen of why there is none. */
export type NodeVerdict = { session: ReadSession } | { mayBe: Refusal[] };

/** A Nest application around SessionModule that answers whose session a request is in. */
export interface NodeReader {
  verdict(vector: SessionVector): Promise<NodeVerdict>;
  close(): Promise<void>;
}

class Observer extends SessionObserver {
  ignored: string[] = [];
  loads = 0;

  onSessionEvent(event: SessionEvent): void {
    if (event.type === 'ignored') this.ignored.push(event.reason);
  }

  override onStoreCommand(operation: StoreOperation): void {
    if (operation === 'load') this.loads += 1;
  }
}

export async function startNodeReader(client: Redis, settings: ReaderSettings): Promise<NodeReader> {
  const observer = new Observer();
  const { prefix, secrets, indexKeys, cookieName: name } = settings;

  @Controller()
  class WhoController {
    @Get()
    who(@Req() req: Request) {
      return { session: shown(req, settings.anonymous), credential: presentedCredential(req) };
    }
  }

  @Module({
    imports: [
      SessionModule.forRoot({
        client,
        prefix,
        secrets,
        indexKeys,
        cookie: { name, secure: name.startsWith('__Host-') },
        observer,
      }),
    ],
    controllers: [WhoController],
  })
  class HostModule {}

  const app = await NestFactory.create(HostModule, { logger: false });
  app.useGlobalFilters(new ProblemFilter());
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  return {
    async verdict({ headers }) {
      Object.assign(observer, { ignored: [], loads: 0 });
      const { status, body } = await sendRaw(url, rawRequest('GET', '/', headers));
      const { session, credential, code } = JSON.parse(Buffer.from(body, 'latin1').toString()) as {
        session?: ReadSession | null;
        credential?: 'none' | 'valid' | 'invalid';
        code?: string;
      };
      if (status === 400 && code === 'AMBIGUOUS_CREDENTIALS') return { mayBe: ['ambiguous-credentials'] };
      if (status !== 200) throw new Error(`Node answers ${status}: ${body}`);
      if (session) return { session };
      return { mayBe: refusalsFor(credential as 'none' | 'valid' | 'invalid', observer) };
    },
    close: () => app.close(),
  };
}

const OF_IGNORED: Record<string, Refusal> = {
  corrupt: 'corrupt',
  mismatch: 'wrong-user',
  'other-version': 'other-version',
  'wrong-transport': 'wrong-transport',
};

// Clients must not be able to tell most of them apart, so this looks at what operators are told.
function refusalsFor(
  credential: 'none' | 'valid' | 'invalid',
  { ignored: [ignored], loads }: Observer,
): Refusal[] {
  if (credential === 'none') return ['no-credential'];
  if (credential === 'valid') return ['anonymous', 'no-login', 'disabled'];
  if (loads === 0) return ['bad-credential'];
  if (ignored !== undefined) return [OF_IGNORED[ignored] as Refusal];
  return ['not-found', 'moved', 'revoked', 'expired', 'disabled'];
}

function shown(req: Request, anonymous: boolean): ReadSession | null {
  const { session: state, engine } = requestStateOf(req) ?? {};
  if (!state || !engine) return null;
  const live = liveSession(req);
  const parts = partsOf(state, engine.ring.handle(state.at.digest));
  if (!live) return anonymous && !state.principal ? parts : null;
  const { id, email, displayName, roles, createdAt } = live.principal;
  return {
    ...parts,
    principal: { id, email, displayName, roles, createdAt },
    transport: live.transport,
    profile: live.profile,
    authenticatedAtMs: live.authenticatedAtMs,
    isAdmin: effectiveRoles(live, 'admin').includes('admin'),
  };
}

function partsOf({ header, seen }: SessionState, id: string): ReadSession {
  const { cookie: _cookie, passport: _passport, ...data } = seen.data;
  return {
    id,
    principal: null,
    transport: null,
    profile: null,
    authenticatedAtMs: null,
    createdAtMs: header.createdMs,
    absoluteExpiryMs: header.absoluteExpiryMs,
    isAdmin: false,
    data,
  };
}
