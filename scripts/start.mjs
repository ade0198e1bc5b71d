// npm start: everything the program needs, then the program, then everything ended again in the reverse order.
// package.json says `exec node`, since the shell between npm and node would keep npm's signals to itself.
import { join, resolve } from 'node:path';
import { loadDotEnv } from './lib/dot-env.mjs';
import { ensureBuild } from './lib/ensure-build.mjs';
import { ensureInstall } from './lib/ensure-install.mjs';
import { ensureRedis } from './lib/ensure-redis.mjs';
import { startPrivateRedis } from './lib/private-redis.mjs';
import { runScript, say } from './lib/say.mjs';
import { stopRequest, supervise } from './lib/supervise.mjs';

const PROGRAM = ['--enable-source-maps', 'dist/main.js'];

await runScript(async () => {
  await ensureInstall();
  loadDotEnv();
  const { env } = process;
  // In production the program itself refuses to start without REDIS_URL.
  if (env.REDIS_URL?.trim() || env.NODE_ENV === 'production') {
    await ensureBuild();
    return supervise(PROGRAM, { env, stop: stopRequest() });
  }
  const redisServer = await ensureRedis();
  await ensureBuild();
  return startWithRedis(redisServer);
});

/**
 * @param {string} redisServer path of the program
 * @returns {Promise<number>} the exit code
 */
async function startWithRedis(redisServer) {
  const { privateRedisSocket } = await import(
    String(new URL('../dist/config/private-redis.js', import.meta.url))
  );
  const dataDir = resolve(process.env.DATA_DIR?.trim() || '.data');
  const socket = privateRedisSocket(dataDir);
  const stop = stopRequest();
  const redis = await startPrivateRedis({ program: redisServer, socket, folder: join(dataDir, 'redis') });
  let running = true;
  let lost = false;
  const redisLost = redis.closed.then(() => {
    if (!running) return;
    lost = true;
    say(`redis-server has ended by itself; stopping the program. Its log is ${redis.log}`);
  });
  try {
    const env = { ...process.env, REDIS_URL: `unix:${socket}` };
    const code = await supervise(PROGRAM, { env, stop: Promise.race([stop, redisLost]) });
    return lost ? 1 : code;
  } finally {
    running = false;
    await redis.stop();
  }
}
