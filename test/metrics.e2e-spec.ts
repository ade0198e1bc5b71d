import { describe, expect, it } from '@jest/globals';

import { MetricsModule } from '../src/metrics/index.js';
import { PASSWORD, startApp } from './support/app.js';
import { BearerClient, CookieClient } from './support/clients.js';
import { parsePrometheus, valueOf } from './support/prometheus.js';

describe('metrics', () => {
  it('counts requests by route, sessions and security events, on the main port of a development', async () => {
    const app = await startApp();
    const client = new CookieClient(app.url);
    await client.post('/auth/register', { email: 'nora@example.com', password: PASSWORD });
    await client.post('/auth/login', { email: 'nora@example.com', password: 'wrong' });
    await client.delete('/auth/sessions/not-one-of-mine');
    await client.get('/nothing/here/for-nora@example.com');
    await client.request('PROPFIND', '/auth/session');
    const newPassword = 'seven quiet rivers in the dark';
    await client.put('/auth/password', { currentPassword: PASSWORD, newPassword });
    await client.post('/auth/logout');
    const { status, text, headers } = await new CookieClient(app.url).get('/metrics');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const metrics = parsePrometheus(text);
    const value = (name: string, labels?: Record<string, string>) => valueOf(metrics, name, labels);
    const requests = (method: string, route: string, status: string) =>
      value('http_request_duration_seconds_count', { method, route, status });
    expect(requests('POST', '/auth/register', '201')).toBe(1);
    expect(requests('POST', '/auth/login', '401')).toBe(1);
    expect(requests('DELETE', '/auth/sessions/:sessionId', '404')).toBe(1);
    expect(requests('GET', 'unmatched', '404')).toBe(1);
    expect(requests('OTHER', '/auth/session', '405')).toBe(1);
    expect(value('latchkey_sessions_created_total', { kind: 'user' })).toBe(1);
    expect(value('latchkey_sessions_ended_total', { reason: 'logout' })).toBe(1);
    expect(value('latchkey_sessions_ended_total', { reason: 'rotated' })).toBe(1);
    expect(value('latchkey_security_events_total', { type: 'registered' })).toBe(1);
    expect(value('latchkey_logins_total', { outcome: 'failed' })).toBe(1);
    expect(value('latchkey_logins_total', { outcome: 'succeeded' })).toBe(1);
    // Written with its change, past the recorder, and counted once all the same.
    expect(value('latchkey_security_events_total', { type: 'password.changed' })).toBe(1);
    // Registering and logging in once each; changing it compares and hashes.
    expect(value('latchkey_password_hash_duration_seconds_count')).toBeGreaterThanOrEqual(4);
    expect(value('latchkey_store_command_duration_seconds_count', { operation: 'destroy' })).toBe(1);
    expect(value('latchkey_revocation_duration_seconds_count', { durability: 'local' })).toBeGreaterThan(0);
    expect(value('latchkey_redis_up')).toBe(1);
    expect(value('latchkey_outbox_entries')).toBe(0);
    expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(text).not.toMatch(/nora|not-one-of-mine/);
    await app.close();
  });

  it('has a listener of its own when it is given a port, which serves nothing else', async () => {
    const app = await startApp({ env: { METRICS_PORT: '0' } });
    const { port } = app.app.get(MetricsModule);
    const own = new BearerClient(`http://127.0.0.1:${port}`);
    expect((await new BearerClient(app.url).get('/metrics')).status).toBe(404);
    const answer = await own.get('/metrics');
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('http_request_duration_seconds');
    expect((await own.get('/auth/session')).status).toBe(404);
    expect((await own.post('/metrics', {})).status).toBe(404);
    await app.close();
    await expect(own.get('/metrics')).rejects.toThrow();
  });
});
