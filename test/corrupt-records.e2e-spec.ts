import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';

import { startAdminApp, type AdminApp } from './support/admin-app.js';
import type { CookieClient } from './support/clients.js';
import { until } from './support/express-session-host.js';

const SECRET = 'what was in the session';

describe('the program, upon a session record that cannot be read', () => {
  let program: AdminApp;
  let redis: Redis;
  let client: CookieClient;
  let kept: string;

  beforeAll(async () => {
    program = await startAdminApp({ env: { LOG_LEVEL: 'warn' } });
    redis = program.redis.client();
    const before = await redis.keys('lk:sess:{*');
    const { clients } = await program.person('ada@example.com');
    client = clients[0] as CookieClient;
    const record = (await redis.keys('lk:sess:{*')).find((key) => !before.includes(key)) as string;
    await redis.set(record, `1 ${SECRET}`, 'KEEPTTL');
    kept = record.replace('sess:', 'quarantine:');
  });
  afterAll(() => program.close());

  it('answers that nobody is logged in, and moves it away with what it may do in Redis', async () => {
    expect((await client.get('/auth/session')).status).toBe(401);
    await until(async () => (await redis.exists(kept)) === 1);
  });

  it('says in its log where it went, and nothing of what was in it', async () => {
    const said = () => program.log.find(({ msg }) => String(msg).includes(kept));
    await until(() => said() !== undefined);
    expect(said()).toMatchObject({ level: 'warn', context: 'SessionModule' });
    expect(JSON.stringify(program.log)).not.toContain(SECRET);
  });

  it('counts it', async () => {
    const text = await (await fetch(`${program.url}/metrics`)).text();
    expect(text).toContain('latchkey_session_records_unusable_total{reason="corrupt"} 1');
    expect(text).toContain('latchkey_session_records_quarantined_total{reason="corrupt"} 1');
  });
});
