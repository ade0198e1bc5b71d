import { Global, Module } from '@nestjs/common';

import { HttpDrain } from './http-drain.js';

/** What the program knows of its HTTP server beyond single requests. */
@Global()
@Module({ providers: [HttpDrain], exports: [HttpDrain] })
export class HttpModule {}
