import type { IncomingMessage } from 'node:http';

/** The parts of Express's router that tell which methods an address answers to. */
interface RouterLayer {
  match(path: string): unknown;
  route?: { methods: Record<string, boolean | undefined> };
}

type RoutedRequest = IncomingMessage & {
  originalUrl?: string;
  app?: { router?: { stack?: RouterLayer[] } };
};

/**
 * The methods that routes of the application know for the address of `req`, as an `Allow` header lists them; empty
 * when no route is there, or when the one asked for is. Express itself has no 405: a path that exists under another
 * method falls through to the 404 handler.
 */
export function otherMethods(req: IncomingMessage): string[] {
  const { app, originalUrl = '', method = '' } = req as RoutedRequest;
  const path = originalUrl.split(/[?#]/, 1)[0] ?? '';
  const methods = new Set<string>();
  for (const layer of app?.router?.stack ?? []) {
    if (layer.route === undefined || !matches(layer, path)) continue;
    for (const name of Object.keys(layer.route.methods)) methods.add(name.toUpperCase());
  }
  if (methods.has('GET')) methods.add('HEAD');
  return methods.has(method) || methods.has('_ALL') ? [] : [...methods].sort();
}

function matches(layer: RouterLayer, path: string): boolean {
  try {
    return Boolean(layer.match(path));
  } catch {
    // A path that cannot be decoded is no route's.
    return false;
  }
}
