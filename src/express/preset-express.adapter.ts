import { createServer, IncomingMessage, ServerResponse, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { keepRequestsYoung } from './young-requests.js';

// From 24 on V8 keeps the shape of an object whose prototype was changed, and the detour costs a few per cent.
const FIRST_NODE_WITHOUT_NEED = 24;

/** What Express makes of every request and response before its first middleware sees them. */
interface ExpressPrototypes {
  request: object;
  response: object;
}

type Constructor = new (...args: never[]) => object;

/**
 * Nest's adapter for Express, with an HTTP server whose requests and responses are made as Express's own.
 *
 * Express changes the prototype of every request and response it is handed. Below Node 24 V8 then gives up on what it
 * knows of their shape, and every later access to them is slow: more than half of what an Express request costs. Here
 * they are born with that prototype, so that the change changes nothing (docs/benchmarks.md has the figures). From
 * Node 24 on it is Nest's adapter and nothing else.
 */
export class PresetExpressAdapter extends ExpressAdapter {
  /** Makes the HTTP server, as Nest's adapter does, with requests that have Express's prototypes. */
  override initHttpServer(options: NestApplicationOptions): void {
    keepRequestsYoung();
    // Connections are tracked on the server that is there when Nest is told to; ours takes its place first.
    super.initHttpServer({ ...options, forceCloseConnections: false });
    if (needsPreset(process.versions.node)) this.setHttpServer(presetServer(this.getInstance(), options));
    if (options?.forceCloseConnections)
      (this as unknown as { trackOpenConnections(): void }).trackOpenConnections();
  }
}

/** Whether a version of Node, such as `22.13.0`, is one that the detour makes faster. */
export function needsPreset(nodeVersion: string): boolean {
  return Number.parseInt(nodeVersion, 10) < FIRST_NODE_WITHOUT_NEED;
}

function presetServer(
  app: ExpressPrototypes & Parameters<typeof createServer>[1] & object,
  options: NestApplicationOptions,
): Server {
  const classes = {
    IncomingMessage: withPrototype(IncomingMessage, app.request),
    ServerResponse: withPrototype(ServerResponse, app.response),
  };
  const { httpsOptions } = options ?? {};
  return httpsOptions
    ? createHttpsServer({ ...httpsOptions, ...classes }, app as never)
    : createServer(classes, app as never);
}

/** A constructor that does what `base` does, for objects that inherit from `prototype`, which itself inherits from base's. */
function withPrototype<T extends Constructor>(base: T, prototype: object): T {
  // Node's constructors are plain functions in every version this is for; a class would make a prototype of its own.
  const construct = base as unknown as (...args: unknown[]) => void;
  function Preset(this: object, ...args: unknown[]): void {
    construct.apply(this, args);
  }
  // V8 makes room for as many members as the constructors of this chain set.
  Object.setPrototypeOf(Preset, base);
  Preset.prototype = prototype;
  return Preset as unknown as T;
}
