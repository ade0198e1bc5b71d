// (h) Latchkey's modules in a bare Nest application, as README shows them. It trusts whoever logs in, so that it can also
// fill a Redis with sessions for the program, which it shares its secrets with.
import 'reflect-metadata';
import { Body, Controller, Get, HttpCode, Module, Post, Req } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { built } from '../lib/built.mjs';
import { PROGRAM_SECRETS } from '../lib/program-settings.mjs';
import { decorate } from './decorate.mjs';
import { REDIS_SOCKET, sayWhere } from './listening.mjs';
import { addToCart, answerOf, checkPassword } from './people.mjs';

const {
  AuthModule,
  AuthService,
  CurrentUser,
  PresetExpressAdapter,
  ProblemFilter,
  Public,
  RedisLoginThrottle,
  RolesGuard,
  SessionGuard,
  SessionModule,
  SessionService,
  UserStore,
} = await built('index.js');

const client = new Redis(REDIS_SOCKET);
const cookie = { name: 'sid', secure: false };

/** Everybody's password was checked already, and nobody changes anything. */
class FixedUsers extends UserStore {
  async findByEmail() {
    return null;
  }

  async findCredentials() {
    return null;
  }

  async create() {
    throw new Error('nobody registers here');
  }

  async rehash() {}

  async changePassword() {
    throw new Error('nobody changes his password here');
  }
}

class AppController {
  /**
   * @param {any} auth
   * @param {any} sessions
   */
  constructor(auth, sessions) {
    this.auth = auth;
    this.sessions = sessions;
  }

  /**
   * @param {any} req
   * @param {{ email: string, password: string, transport?: string }} body
   */
  async login(req, { email, password, transport = 'cookie' }) {
    const { token } = await this.auth.establishSession(req, await checkPassword(email, password), {
      transport,
    });
    return { ...answerOf({ email }), token };
  }

  /** @param {any} user */
  me(user) {
    return answerOf(user);
  }

  /**
   * @param {any} req
   * @param {{ item: string }} body
   */
  async cart(req, { item }) {
    let cart = {};
    await this.sessions.updateCurrent(req, (/** @type {any} */ data) => (cart = addToCart(data, item)));
    return { cart };
  }

  /** @param {any} req */
  async logout(req) {
    await this.sessions.end(req);
  }
}
decorate(
  AppController,
  [Controller()],
  {
    login: [[Req(), Body()], Post('login'), HttpCode(200), Public()],
    me: [[CurrentUser()], Get('me')],
    cart: [[Req(), Body()], Post('cart'), HttpCode(200)],
    logout: [[Req()], Post('logout'), HttpCode(204)],
  },
  [AuthService, SessionService],
);

class AppModule {}
decorate(AppModule, [
  Module({
    imports: [
      SessionModule.forRoot({ isGlobal: true, client, ...PROGRAM_SECRETS, cookie }),
      AuthModule.forRoot({
        userStore: new FixedUsers(),
        throttle: new RedisLoginThrottle({ client, secrets: PROGRAM_SECRETS.secrets }),
        cookie,
      }),
    ],
    controllers: [AppController],
    providers: [
      { provide: APP_FILTER, useClass: ProblemFilter },
      { provide: APP_GUARD, useClass: SessionGuard },
      { provide: APP_GUARD, useClass: RolesGuard },
    ],
  }),
]);

const app = await NestFactory.create(AppModule, new PresetExpressAdapter(), { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
sayWhere(app.getHttpServer());
