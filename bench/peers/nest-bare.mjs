// (a), (i) One route in a bare Nest application: what everything in Nest on Express has to pay.
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { built } from '../lib/built.mjs';
import { sayWhere } from './listening.mjs';
import { answerOf, somebody } from './people.mjs';
import { decorate } from './decorate.mjs';

class MeController {
  me() {
    return answerOf(somebody);
  }
}
decorate(MeController, [Controller()], { me: [Get('me')] });

class AppModule {}
decorate(AppModule, [Module({ controllers: [MeController] })]);

const Adapter =
  process.env['PRESET'] === '1' ? (await built('index.js')).PresetExpressAdapter : ExpressAdapter;
const app = await NestFactory.create(AppModule, new Adapter(), { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
sayWhere(app.getHttpServer());
