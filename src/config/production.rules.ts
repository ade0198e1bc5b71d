import { MAKE_A_SECRET } from '../session/index.js';
import { parseDuration } from './duration.js';
import type { EnvProblem } from './env.rules.js';
import type { Settings } from './env.schema.js';
import { isClearText } from './loopback.js';

// How the values of .env.example begin, and what people write where a secret should be.
const EXAMPLE = /^(example|change.?me|replace.?me|your|secret|password|test|dummy|default)/i;

/**
 * The longest that a production may let a session live, whatever it is used for. Of the absolute timeouts, what NIST
 * SP 800-63B-4 allows at AAL2 (24 h, section 2.2.3), AAL1 (30 d, 2.1.3) and AAL3 (12 h, 2.3.3); of the idle ones 1 h at
 * AAL2 and 15 min at AAL3. AAL1 names no idle timeout: a bearer session may be idle as long as it may be at all.
 */
export const LIFETIME_CEILINGS = {
  SESSION_WEB_IDLE: '1h',
  SESSION_WEB_ABSOLUTE: '24h',
  SESSION_BEARER_IDLE: '30d',
  SESSION_BEARER_ABSOLUTE: '30d',
  SESSION_ADMIN_IDLE: '15m',
  SESSION_ADMIN_ABSOLUTE: '12h',
} as const satisfies Partial<Record<EnvProblem['name'], string>>;

/** What must be written out in production, since any default would be wrong or unsafe there, and what must not be. */
export function productionProblems(settings: Settings): EnvProblem[] {
  return [
    ...missing(settings),
    ...examples(settings),
    ...clearText(settings),
    ...tooLong(settings),
    ...talkative(settings),
  ];
}

function missing(settings: Settings): EnvProblem[] {
  const needed = [
    'DATABASE_URL',
    'REDIS_URL',
    'SESSION_SECRETS',
    'SESSION_INDEX_KEYS',
    'PUBLIC_URL',
  ] as const;
  return needed
    .filter((name) => settings[name] === undefined)
    .map((name) => ({ name, rule: 'must be set in production' }));
}

function examples(settings: Settings): EnvProblem[] {
  const problems: EnvProblem[] = [];
  for (const name of ['SESSION_SECRETS', 'SESSION_INDEX_KEYS'] as const) {
    if (settings[name]?.some((secret) => EXAMPLE.test(secret))) {
      problems.push({ name, rule: `must not be an example value; ${MAKE_A_SECRET}` });
    }
  }
  // Theirs is what the old application had, however weak; but not what stands in .env.example.
  if (settings.MIGRATE_SECRETS?.some((secret) => secret.startsWith('example-'))) {
    problems.push({
      name: 'MIGRATE_SECRETS',
      rule: 'must not be an example value; take those of the old application',
    });
  }
  const { DATABASE_URL: database = '', REDIS_URL: redis } = settings;
  const passwords = {
    DATABASE_URL: URL.canParse(database) ? new URL(database).password : '',
    REDIS_URL: redis?.password ?? '',
  };
  for (const name of ['DATABASE_URL', 'REDIS_URL'] as const) {
    if (!EXAMPLE.test(passwords[name])) continue;
    problems.push({ name, rule: 'must not have an example for a password; give the account one of its own' });
  }
  return problems;
}

function clearText({ PUBLIC_URL, ALLOWED_ORIGINS }: Settings): EnvProblem[] {
  const rule =
    'must be https in production, except on loopback: the session cookie is never sent over plain http';
  const problems: EnvProblem[] = [];
  if (PUBLIC_URL !== undefined && isClearText(PUBLIC_URL)) problems.push({ name: 'PUBLIC_URL', rule });
  if (ALLOWED_ORIGINS?.some(isClearText)) problems.push({ name: 'ALLOWED_ORIGINS', rule });
  return problems;
}

function tooLong(settings: Settings): EnvProblem[] {
  const limits = Object.entries(LIFETIME_CEILINGS) as [keyof typeof LIFETIME_CEILINGS, string][];
  return limits
    .filter(([name, ceiling]) => (settings[name] ?? 0) > (parseDuration(ceiling) ?? 0))
    .map(([name, ceiling]) => ({
      name,
      rule: `must be at most ${ceiling} in production (NIST SP 800-63B-4)`,
    }));
}

/** These are the libraries' own switches; express-session writes whole cookies when it is told to. */
function talkative(settings: Settings): EnvProblem[] {
  return (['DEBUG', 'NODE_DEBUG'] as const)
    .filter((name) => settings[name] !== undefined)
    .map((name) => ({
      name,
      rule: 'must not be set in production: libraries write session tokens to the log with it; use LOG_LEVEL',
    }));
}
