import type { Role, Transport } from './people.js';

/** How the credential of a request was made: `tampered` ones were live before somebody changed them. */
export type CredentialState = 'none' | 'live' | 'tampered';

/**
 * A request as it is tried: plain data, so that a failure prints all of it. In its texts `{sid}`, `{token}`, `{email}`,
 * `{password}`, `{ownId}`, `{otherId}` and `{sessionId}` stand for what the people of the run have at the time.
 */
export interface FuzzRequest {
  /** The route that it was made from, as in the OpenAPI document. */
  route: string;
  role: Role;
  transport: Transport;
  credential: CredentialState;
  method: string;
  target: string;
  headers: [name: string, value: string][];
  body: string;
}

/** What is filled in for a placeholder. */
export type Facts = Record<string, string>;

/** The request with every placeholder filled in. */
export function filledIn(request: FuzzRequest, facts: Facts): Omit<FuzzRequest, 'credential'> {
  const fill = (text: string): string =>
    text.replace(/\{(\w+)\}/g, (all, name: string) => facts[name] ?? all);
  return {
    ...request,
    target: fill(request.target),
    headers: request.headers.map(([name, value]) => [name, fill(value)]),
    body: fill(request.body),
  };
}
