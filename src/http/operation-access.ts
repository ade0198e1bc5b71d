import type { INestApplication, Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

import { RECENT_LOGIN, ROLES, SESSION_DEMAND, type SessionDemand } from '../auth/index.js';
import type { OperationAccess } from './openapi.js';

const SESSION_OF_DEMAND = { public: 'none', optional: 'optional' } as const satisfies Record<
  SessionDemand,
  string
>;

/**
 * Reads from the application's controllers what the guards read from them at run time, so that the documentation
 * cannot promise another protection than there is.
 */
export function operationAccess(
  app: INestApplication,
): (controller: string, method: string) => OperationAccess {
  const controllers = new Map<string, Type>();
  for (const module of app.get(ModulesContainer).values()) {
    for (const { metatype } of module.controllers.values()) {
      if (metatype !== null) controllers.set(metatype.name, metatype as Type);
    }
  }
  return (controllerName, methodName) => {
    const controller = controllers.get(controllerName);
    if (controller === undefined) throw new Error(`${controllerName} is no controller of this application`);
    const handler = (controller.prototype as Record<string, object | undefined>)[methodName];
    const read = <T>(key: symbol): T | undefined =>
      (handler && (Reflect.getMetadata(key, handler) as T | undefined)) ??
      (Reflect.getMetadata(key, controller) as T | undefined);
    const demand = read<SessionDemand>(SESSION_DEMAND);
    return {
      session: demand === undefined ? 'required' : SESSION_OF_DEMAND[demand],
      role: read<string[]>(ROLES) !== undefined,
      recentLogin: read<boolean>(RECENT_LOGIN) === true,
    };
  };
}
