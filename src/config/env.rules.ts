import type { FIELDS, Settings } from './env.schema.js';
import type { Env, EnvWithoutSecrets } from './env.types.js';
import { isClearText, isLoopback } from './loopback.js';

/** A setting that is wrong: which one, and the rule it breaks. Never its value, which may be a secret. */
export interface EnvProblem<Name extends string = keyof typeof FIELDS> {
  name: Name;
  rule: string;
}

// The cheapest set of parameters in OWASP's password storage cheat sheet, m=7168 with t=5, as memory times passes.
const OWASP_MIN_COST_KIB = 7_168 * 5;

/** Development is for the machine it runs on, unless somebody has said `NODE_ENV=development` and means it. */
export function developmentProblems(settings: Settings): EnvProblem[] {
  if (settings.NODE_ENV !== undefined || settings.HOST === undefined || isLoopback(settings.HOST)) return [];
  return [{ name: 'HOST', rule: 'must be loopback unless NODE_ENV is set: development or production' }];
}

/** What settings must be to each other, defaults included. */
export function combinedProblems(env: EnvWithoutSecrets, settings: Settings): EnvProblem[] {
  const problems: EnvProblem[] = [];
  for (const profile of ['web', 'bearer', 'admin'] as const) {
    const { idleTimeoutMs, absoluteTimeoutMs } = env.lifetimes[profile];
    if (idleTimeoutMs <= absoluteTimeoutMs) continue;
    const name = profile.toUpperCase() as Uppercase<typeof profile>;
    problems.push({ name: `SESSION_${name}_IDLE`, rule: `must not be longer than SESSION_${name}_ABSOLUTE` });
  }
  // A session that is in use must not expire because its last touch was not due yet.
  if (env.touchIntervalMs > smallestIdleMs(env.lifetimes) / 10) {
    problems.push({ name: 'TOUCH_INTERVAL', rule: 'must be at most a tenth of the shortest idle timeout' });
  }
  if (env.durability.replicas !== undefined && env.durability.mode === 'local') {
    problems.push({
      name: 'REVOCATION_REPLICAS',
      rule: 'has a meaning only with REVOCATION_DURABILITY=replicated',
    });
  }
  const { memoryKib, timeCost } = env.argon2;
  if (env.production && memoryKib * timeCost < OWASP_MIN_COST_KIB) {
    problems.push({
      name: 'ARGON2_MEMORY_KIB',
      rule: 'ARGON2_MEMORY_KIB times ARGON2_TIME must be at least 35840 (OWASP)',
    });
  }
  if (settings.PASSWORD_BREACH_URL !== undefined && isClearText(settings.PASSWORD_BREACH_URL)) {
    problems.push({ name: 'PASSWORD_BREACH_URL', rule: 'must be https, except on loopback' });
  }
  if (settings.SESSION_SECRETS?.some((secret) => settings.SESSION_INDEX_KEYS?.includes(secret))) {
    problems.push({ name: 'SESSION_INDEX_KEYS', rule: 'must share nothing with SESSION_SECRETS' });
  }
  if (env.takeover && settings.MIGRATE_SECRETS === undefined) {
    problems.push({
      name: 'MIGRATE_SECRETS',
      rule: 'must be set while MIGRATE_FROM is: the secrets of the old express-session',
    });
  }
  if (env.takeover?.cookieName === env.cookie.name) {
    problems.push({
      name: 'MIGRATE_COOKIE',
      rule: 'must be another cookie than that of the sessions of this program',
    });
  }
  problems.push(...mailProblems(env, settings));
  if (env.metrics.port !== undefined && env.metrics.port !== 0 && env.metrics.port === env.port) {
    problems.push({ name: 'METRICS_PORT', rule: 'must differ from PORT' });
  }
  return problems;
}

/** What mails need that are to arrive. */
function mailProblems(env: EnvWithoutSecrets, settings: Settings): EnvProblem[] {
  if (env.registration !== 'confirm') return [];
  const problems: EnvProblem[] = [];
  if (env.production && settings.SMTP_URL === undefined) {
    problems.push({ name: 'SMTP_URL', rule: 'must be set in production while REGISTRATION is confirm' });
  }
  if ((env.production || settings.SMTP_URL !== undefined) && settings.MAIL_FROM === undefined) {
    problems.push({ name: 'MAIL_FROM', rule: 'must be set to send mails: the address they come from' });
  }
  const known = [env.publicUrl, ...env.allowedOrigins];
  if (env.publicUrl !== undefined && !known.includes(new URL(env.mail.confirmUrl).origin)) {
    problems.push({
      name: 'CONFIRM_URL',
      rule: 'must be a page of PUBLIC_URL or of one of ALLOWED_ORIGINS, which alone may post the token',
    });
  }
  return problems;
}

/** The shortest idle timeout of any kind of session, in milliseconds. */
export function smallestIdleMs(lifetimes: Env['lifetimes']): number {
  return Math.min(...Object.values(lifetimes).map(({ idleTimeoutMs }) => idleTimeoutMs));
}
