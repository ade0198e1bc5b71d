import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type INestApplication,
  Module,
  Post,
  Req,
  Session,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportSerializer, PassportStrategy } from '@nestjs/passport';
import { RedisStore } from 'connect-redis';
import type { Request } from 'express';
import session from 'express-session';
import type { Redis } from 'ioredis';
import passport from 'passport';
import { Strategy } from 'passport-local';
import { promisify } from 'node:util';
import { Accounts, oldHash } from './accounts.js';

const DAY = 86_400_000;

export const OLD_SECRET = 'keyboard cat';

interface Cart {
  cart?: string[];
}

@Injectable()
class LocalStrategy extends PassportStrategy(Strategy) {
  constructor(private readonly accounts: Accounts) {
    super({ usernameField: 'email' });
  }

  async validate(email: string, password: string) {
    const account = await this.accounts.findByEmail(email);
    const stored = account && (await this.accounts.findCredentials(account.id));
    if (stored?.passwordHash !== oldHash(password)) throw new UnauthorizedException();
    return account;
  }
}

@Injectable()
class AccountSerializer extends PassportSerializer {
  constructor(private readonly accounts: Accounts) {
    super();
  }

  serializeUser(user: { id: string }, done: (error: unknown, id?: string) => void) {
    done(null, user.id);
  }

  deserializeUser(id: string, done: (error: unknown, user?: unknown) => void) {
    this.accounts.find(id).then((user) => done(null, user), done);
  }
}

@Injectable()
class LoginGuard extends AuthGuard('local') {
  override async canActivate(context: ExecutionContext) {
    await super.canActivate(context);
    await super.logIn(context.switchToHttp().getRequest());
    return true;
  }
}

@Injectable()
class LoggedInGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    return context.switchToHttp().getRequest<Request>().isAuthenticated();
  }
}

@Controller()
class ShopController {
  @UseGuards(LoginGuard)
  @Post('login')
  login(@Req() req: Request) {
    return req.user;
  }

  @Post('logout')
  logout(@Req() req: Request) {
    return promisify(req.logout.bind(req))();
  }

  @Get('cart')
  cart(@Session() { cart = [] }: Cart) {
    return { cart };
  }

  @Post('cart')
  add(@Session() session: Cart, @Body() { item }: { item: string }) {
    session.cart = [...(session.cart ?? []), item];
    return { cart: session.cart };
  }

  @UseGuards(LoggedInGuard)
  @Get('orders')
  orders(@Req() req: Request) {
    return { of: (req.user as { email: string }).email, orders: [] };
  }
}

/** Nest with express-session, connect-redis and Passport, as their documentations say. */
export async function startOldShop(client: Redis, accounts: Accounts): Promise<INestApplication> {
  @Module({
    imports: [PassportModule.register({ session: true })],
    controllers: [ShopController],
    providers: [{ provide: Accounts, useValue: accounts }, LocalStrategy, AccountSerializer],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: false });
  app.use(
    session({
      store: new RedisStore({ client }),
      secret: OLD_SECRET,
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: 14 * DAY },
    }),
  );
  app.use(passport.initialize());
  app.use(passport.session());
  return app.listen(0, '127.0.0.1').then(() => app);
}
