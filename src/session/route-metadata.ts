import type { ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';

type Key = Parameters<Reflector['getAllAndOverride']>[0];

// By controller, then by handler: one may inherit the other's. Few, and there as long as the program.
const known = new WeakMap<object, WeakMap<object, Map<Key, unknown>>>();

/**
 * What a decorator says about a route, or else about its controller. It is looked up once: guards ask it of every request,
 * and reflection walks through both and what they inherit each time.
 */
export function routeMetadata<T>(reflector: Reflector, key: Key, context: ExecutionContext): T | undefined {
  const [controller, handler] = [context.getClass(), context.getHandler()];
  let handlers = known.get(controller);
  if (!handlers) known.set(controller, (handlers = new WeakMap()));
  let values = handlers.get(handler);
  if (!values) handlers.set(handler, (values = new Map()));
  if (!values.has(key)) values.set(key, reflector.getAllAndOverride(key, [handler, controller]));
  return values.get(key) as T | undefined;
}
