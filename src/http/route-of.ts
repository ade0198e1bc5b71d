import type { IncomingMessage } from 'node:http';

/** Stands for every address without a route, so that the number of different names is bounded. */
export const UNMATCHED_ROUTE = 'unmatched';

interface RouterLayer {
  match(path: string): unknown;
  route?: { path: unknown };
}

type RoutedRequest = IncomingMessage & {
  originalUrl?: string;
  route?: { path?: unknown };
  app?: { router?: { stack?: RouterLayer[] } };
};

/**
 * The pattern of the route that a request is for, such as `/auth/sessions/:sessionId`: nothing in it comes from the
 * client. A request that was answered before routing is looked up by its path, so that an outage is counted under the
 * route it hit, and a 405 under the one that was meant.
 */
export function routeOf(req: IncomingMessage): string {
  const { route, app, originalUrl = '' } = req as RoutedRequest;
  if (typeof route?.path === 'string') return route.path;
  const path = originalUrl.split('?', 1)[0] ?? '';
  const found = app?.router?.stack?.find((layer) => layer.route !== undefined && matches(layer, path));
  return typeof found?.route?.path === 'string' ? found.route.path : UNMATCHED_ROUTE;
}

function matches(layer: RouterLayer, path: string): boolean {
  try {
    return Boolean(layer.match(path));
  } catch {
    return false;
  }
}
