// (b) What the documentation of each package tells: Nest, express-session, connect-redis, Passport's local strategy.
import 'reflect-metadata';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Module,
  Post,
  Req,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { textbookSession } from './express-stack.mjs';
import { decorate } from './decorate.mjs';
import { sayWhere } from './listening.mjs';
import { addToCart, answerOf } from './people.mjs';
import { logIn, logOut } from './passport.mjs';

class LoggedInGuard {
  /** @param {import('@nestjs/common').ExecutionContext} context */
  canActivate(context) {
    if (!context.switchToHttp().getRequest().isAuthenticated()) throw new UnauthorizedException();
    return true;
  }
}

class AppController {
  /** @param {any} req */
  async login(req) {
    return answerOf(await logIn(req));
  }

  /** @param {any} req */
  me(req) {
    return answerOf(req.user);
  }

  /**
   * @param {any} req
   * @param {{ item: string }} body
   */
  cart(req, { item }) {
    return { cart: addToCart(req.session, item) };
  }

  /** @param {any} req */
  async logout(req) {
    await logOut(req);
  }
}
decorate(AppController, [Controller()], {
  login: [[Req()], Post('login'), HttpCode(200)],
  me: [[Req()], Get('me'), UseGuards(LoggedInGuard)],
  cart: [[Req(), Body()], Post('cart'), HttpCode(200), UseGuards(LoggedInGuard)],
  logout: [[Req()], Post('logout'), HttpCode(204)],
});

class AppModule {}
decorate(AppModule, [Module({ controllers: [AppController] })]);

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
for (const middleware of textbookSession()) app.use(middleware);
await app.listen(0, '127.0.0.1');
sayWhere(app.getHttpServer());
