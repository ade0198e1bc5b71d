// An example's npm start: what it needs, its compiler, a Redis of its own, then its programs, until a signal or until one
// of them fails. Arguments: its programs, in the example's folder; before them `--needs nginx` when they run that, and
// `--secret NAME` for a secret of their own, made anew with every start.
import { randomBytes } from 'node:crypto';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuild } from './lib/ensure-build.mjs';
import { compileExample } from './lib/compile-example.mjs';
import { ensureInstall } from './lib/ensure-install.mjs';
import { ensureRedis } from './lib/ensure-redis.mjs';
import { ensureNginx } from './lib/ensure-nginx.mjs';
import { freePort } from './lib/free-port.mjs';
import { startPrivateRedis } from './lib/private-redis.mjs';
import { runScript, say } from './lib/say.mjs';
import { stopRequest, supervise } from './lib/supervise.mjs';

const example = process.cwd();
const { positionals: programs, values } = parseArgs({
  allowPositionals: true,
  options: {
    needs: { type: 'string', multiple: true, default: [] },
    secret: { type: 'string', multiple: true, default: [] },
  },
});
// A program whose launcher is killed must not keep its port.
const END_WITH_LAUNCHER = String(new URL('./lib/end-with-launcher.mjs', import.meta.url));
const ENDED_BY_SIGNAL = new Set([129, 130, 143]);

await runScript(async () => {
  const root = process.cwd();
  await ensureInstall();
  const redisServer = process.env.REDIS_URL?.trim() ? undefined : await ensureRedis();
  const needed = values.needs.includes('nginx') ? { NGINX_PROGRAM: await ensureNginx() } : {};
  await ensureBuild();
  await compileExample(relative(root, example));
  const dataDir = resolve(example, process.env.DATA_DIR?.trim() || '.data');
  const [{ developmentSecrets }, { privateRedisSocket }] = await Promise.all(
    ['development-secrets', 'private-redis'].map(
      (name) => import(String(new URL(`../dist/config/${name}.js`, import.meta.url))),
    ),
  );
  const { sessionSecrets, sessionIndexKeys } = developmentSecrets(dataDir);
  const env = {
    SESSION_SECRET: sessionSecrets[0],
    SESSION_INDEX_KEY: sessionIndexKeys[0],
    ...needed,
    ...Object.fromEntries(values.secret.map((name) => [name, randomBytes(24).toString('hex')])),
    ...process.env,
    DATA_DIR: dataDir,
    PORT: process.env.PORT?.trim() || String(await freePort(3000)),
  };
  const stop = stopRequest();
  if (!redisServer) return runPrograms(env, stop);
  const socket = privateRedisSocket(dataDir);
  const redis = await startPrivateRedis({ program: redisServer, socket, folder: join(dataDir, 'redis') });
  try {
    return await runPrograms({ ...env, REDIS_URL: socket }, Promise.race([stop, redis.closed]));
  } finally {
    await redis.stop();
  }
});

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {Promise<unknown>} stop resolves when they are to end
 * @returns {Promise<number>} 0, or the exit code of the program that failed, with which all others are ended
 */
async function runPrograms(env, stop) {
  let stopping = false;
  /** @type {(value?: unknown) => void} */
  let fail = () => {};
  const failure = new Promise((resolve) => (fail = resolve));
  const end = Promise.race([stop, failure]).then(() => (stopping = true));
  const codes = await Promise.all(
    programs.map(async (program) => {
      const args = ['--enable-source-maps', '--import', END_WITH_LAUNCHER, join(example, program)];
      const code = await supervise(args, { env, stop: end, cwd: env.DATA_DIR });
      if (stopping && ENDED_BY_SIGNAL.has(code)) return 0;
      if (code !== 0 && !stopping) say(`${program} has failed; ending the others`);
      if (code !== 0) fail();
      return code;
    }),
  );
  return codes.find((code) => code !== 0) ?? 0;
}
