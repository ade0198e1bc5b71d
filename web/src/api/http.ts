import { ApiError, type ProblemBody } from './api-error.js';

// The program answers within a second even when Redis is away; a login may wait for its turn.
const TIMEOUT_MS = 20_000;

/** Told of every call's end: nothing when it was answered as asked, else why not. */
export type Observer = (error?: ApiError) => void;

const observers = new Set<Observer>();

/** Tells `observer` how each call ended, before the caller knows. */
export function observe(observer: Observer): void {
  observers.add(observer);
}

export interface CallOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  signal?: AbortSignal;
}

/**
 * One call of the API, with the browser's cookie.
 *
 * @returns the parsed body; undefined when there is none
 * @throws ApiError for every refusal and when there is no answer; the signal's reason when that ended it.
 */
export async function call<T>(path: string, { method = 'GET', body, signal }: CallOptions = {}): Promise<T> {
  try {
    const response = await send(path, method, body, signal);
    const answer = await read<T>(response);
    notify();
    return answer;
  } catch (error) {
    if (signal?.aborted) throw error;
    const failure = error instanceof ApiError ? error : new ApiError('NETWORK', 0);
    notify(failure);
    throw failure;
  }
}

/**
 * Asks for a stream and hangs up after the headers, to learn why it would not be sent. Of all calls this one is no use of
 * the session; observers are told nothing.
 *
 * @throws ApiError for every refusal and when there is no answer.
 */
export async function knock(path: string): Promise<void> {
  const own = new AbortController();
  try {
    const response = await send(path, 'GET', undefined, own.signal);
    if (!response.ok) throw await refusal(response);
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError('NETWORK', 0);
  } finally {
    own.abort();
  }
}

function send(path: string, method: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  return fetch(path, {
    method,
    credentials: 'same-origin',
    cache: 'no-store',
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  });
}

async function read<T>(response: Response): Promise<T> {
  if (!response.ok) throw await refusal(response);
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

async function refusal(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as ProblemBody;
  return new ApiError(
    typeof problem.code === 'string' ? problem.code : 'UNEXPECTED_ANSWER',
    response.status,
    problem,
    secondsIn(response.headers.get('Retry-After')),
  );
}

function secondsIn(header: string | null): number | undefined {
  return header !== null && /^\d{1,7}$/.test(header) ? Number(header) : undefined;
}

function notify(error?: ApiError): void {
  for (const observer of observers) observer(error);
}
