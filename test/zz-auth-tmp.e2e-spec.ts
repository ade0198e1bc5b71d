import { it } from '@jest/globals';
import { startApp } from './support/app.js';
import { CookieClient } from './support/clients.js';
it('times', async () => {
  const app = await startApp();
  const redis = app.redis.client();
  for (let i = 0; i < 5; i++) await app.createUser({ email: `u${i}@example.com` });
  const t: Record<string, number[]> = { known: [], unknown: [], long: [] };
  const c = new CookieClient(app.url);
  const one = async (kind: string, email: string, password: string) => { const s = performance.now(); const a = await c.post('/auth/login', { email, password }); t[kind]!.push(performance.now() - s); if (a.status !== 401) console.log(a.status, a.body); };
  for (let i = 0; i < 400; i++) { 
    const r = Math.random(); const k = r < 0.33 ? 0 : r < 0.66 ? 1 : 2;
    if (k === 0) await one('known', `u${i%5}@example.com`, 'wrong password here'); else if (k === 1) await one('unknown', `x${i%5}@example.com`, 'wrong password here'); else await one('long', `u${i%5}@example.com`, 'x'.repeat(900) + 'é'.repeat(100));
    if (i % 3 === 0) { const ks = await redis.keys('lk:throttle:*'); if (ks.length) await redis.del(ks); } }
  for (const [k, v] of Object.entries(t)) { v.sort((a, b) => a - b); console.log(k, v.length, v[Math.floor(v.length*.1)]!.toFixed(2), v[Math.floor(v.length*.5)]!.toFixed(2), v[Math.floor(v.length*.9)]!.toFixed(2)); }
  await app.close();
}, 60000);
