import { AUTH_OPTIONS, SecurityRecorder, type ResolvedAuthOptions } from './auth/index.js';
import { loadEnv, type Env } from './config/index.js';
import { createApp } from './create-app.js';
import { createFirstAdmin } from './first-admin.js';
import { createLogger } from './http/index.js';
import { endWhenRedisIsRefused } from './late-redis.js';
import { listen } from './listen.js';
import { endOnSignal, endWithParent } from './shutdown.js';
import { UsersService } from './users/index.js';
import { policyOf, welcome } from './welcome.js';

/** Creates the program, listens, and says where; ends it when a signal says so. */
async function main(): Promise<void> {
  const env = loadEnv();
  const app = await createApp(env);
  endOnSignal(app, env.shutdownDelayMs);
  endWithParent();
  endWhenRedisIsRefused(app);
  const listening = await listen(app, env);
  if (env.production) {
    createLogger(env.logLevel).info({ url: listening.url, policy: policyOf(env) }, 'listening');
    return;
  }
  process.stdout.write(`${welcome(env, listening, await firstAdmin(app, env))}\n`);
}

function firstAdmin(app: Awaited<ReturnType<typeof createApp>>, env: Env) {
  return createFirstAdmin({
    users: app.get(UsersService, { strict: false }),
    hasher: app.get<ResolvedAuthOptions>(AUTH_OPTIONS, { strict: false }).hasher,
    terminal: process.stdout.isTTY,
    dataDir: env.dataDir,
    databaseUrl: env.databaseUrl,
    minLength: env.passwordMinLength,
    recording: app
      .get(SecurityRecorder, { strict: false })
      .recording({}, ({ id, roles }) => [
        { type: 'registered', userId: id, actorId: null, detail: { by: 'first start', roles } },
      ]),
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`${reasonOf(error)}\n`);
  process.exit(1);
});

/** What is wrong, and underneath what; a stack would bury it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} ${reasonOf(error.cause)}` : error.message;
}
