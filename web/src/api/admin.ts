import { call } from './http.js';
import type { History, Operation, Page, Revoked, SecurityEvent, SessionList, Stats, User } from './types.js';

const PAGE_SIZE = '25';

export const findUsers = (query: string, cursor: string | null, signal?: AbortSignal) =>
  get<Page<User>>('/admin/users', { query, cursor, limit: PAGE_SIZE }, signal);

export const getUser = (id: string, signal?: AbortSignal) =>
  get<{ user: User; sessions: number }>(userPath(id), {}, signal);

export const changeUser = (id: string, body: { roles?: string[]; disabled?: boolean }) =>
  call<{ user: User }>(userPath(id), { method: 'PATCH', body });

export const sessionsOf = (userId: string, signal?: AbortSignal) =>
  get<SessionList>(`${userPath(userId)}/sessions`, {}, signal);

export const revokeSession = (userId: string, sessionId: string) =>
  call<void>(`${userPath(userId)}/sessions/${encodeURIComponent(sessionId)}`, { method: 'DELETE' });

export const revokeSessionsOf = (userId: string) =>
  call<Revoked>(`${userPath(userId)}/sessions`, { method: 'DELETE' });

export const revokeEverybody = () => call<{ operationId: string }>('/admin/sessions', { method: 'DELETE' });

export const getOperation = (id: string) => call<Operation>(`/admin/operations/${encodeURIComponent(id)}`);

export interface TrailFilter {
  userId: string;
  type: string;
}

export const trail = (filter: TrailFilter, cursor: string | null, signal?: AbortSignal) =>
  get<Page<SecurityEvent>>('/admin/events', { ...filter, cursor, limit: PAGE_SIZE }, signal);

export const stats = (signal?: AbortSignal) => get<Stats>('/admin/stats', {}, signal);

export const statsHistory = (hours: number, signal?: AbortSignal) =>
  get<History>('/admin/stats/history', { hours: String(hours) }, signal);

/** @param asked what is empty or null is left out */
function get<T>(path: string, asked: Record<string, string | null>, signal?: AbortSignal): Promise<T> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value) query.set(name, value);
  const suffix = query.size > 0 ? `?${query.toString()}` : '';
  return call<T>(`${path}${suffix}`, signal ? { signal } : {});
}

function userPath(id: string): string {
  return `/admin/users/${encodeURIComponent(id)}`;
}
