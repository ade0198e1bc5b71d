// One instance of the whole program, with a shop beside it that keeps carts in sessions, as a process of its own:
// node shop-node.mjs <folder of the compiled sources>, with an IPC channel and the settings in the environment. Says
// { url } when it listens, and, to whoever sends it anything, how long its requests took since the last time.
import 'reflect-metadata';
import { Controller, Get, Module, Post, Query, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';

const load = (name) => import(String(pathToFileURL(join(process.argv[2], name))));
const [{ AppModule }, { parseEnv }, { configureHttp, createLogger }, { Metrics }] = await Promise.all(
  ['app.module.js', 'config/index.js', 'http/index.js', 'metrics/index.js'].map(load),
);

class ShopController {
  add(req, item) {
    req.session.cart = [...(req.session.cart ?? []), item];
    return {};
  }

  list(req) {
    return { cart: req.session.cart ?? [] };
  }
}
const route = (name, method, parameters) => {
  const descriptor = Object.getOwnPropertyDescriptor(ShopController.prototype, name);
  method()(ShopController.prototype, name, descriptor);
  parameters.forEach((parameter, index) => parameter(ShopController.prototype, name, index));
};
route('add', Post, [Req(), Query('item')]);
route('list', Get, [Req()]);
Controller('cart')(ShopController);

class ShopModule {}
const env = parseEnv(process.env);
Module({
  imports: [AppModule.forRoot(env, { waitForDatabase: true, redisMayBeAway: true })],
  controllers: [ShopController],
})(ShopModule);

// As create-app.ts does it.
const app = await NestFactory.create(ShopModule, { bodyParser: false, logger: false });
configureHttp(app, {
  ...env,
  logger: createLogger(env.logLevel),
  cookieName: env.cookie.name,
  observe: app.get(Metrics).observeRequest,
});

let longestMs = 0;
const loop = monitorEventLoopDelay({ resolution: 10 });
loop.enable();
app.getHttpServer().prependListener('request', (_, res) => {
  const beganMs = performance.now();
  res.once('close', () => (longestMs = Math.max(longestMs, performance.now() - beganMs)));
});
process.on('message', () => {
  process.send({ longestMs, loopDelayMs: loop.max / 1e6 });
  longestMs = 0;
  loop.reset();
});
process.on('disconnect', () => process.exit(0));
await app.listen(env.port, env.host);
process.send({ url: `http://${env.host}:${app.getHttpServer().address().port}` });
