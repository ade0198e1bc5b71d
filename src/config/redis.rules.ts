import type { EnvProblem } from './env.rules.js';
import type { Settings } from './env.schema.js';

const TLS = ['REDIS_TLS_CA', 'REDIS_TLS_CERT', 'REDIS_TLS_KEY'] as const;
const SENTINEL = ['REDIS_SENTINEL_USER', 'REDIS_SENTINEL_PASSWORD'] as const;

/** What the settings of Redis must be to each other. One that has no effect is a mistake, not a luxury. */
export function redisProblems(settings: Settings): EnvProblem[] {
  const { REDIS_URL: url, REDIS_TLS_CERT: cert, REDIS_TLS_KEY: key } = settings;
  const problems: EnvProblem[] = [];
  const idle = (names: readonly EnvProblem['name'][], rule: string) => {
    for (const name of names) if (settings[name] !== undefined) problems.push({ name, rule });
  };
  if (!url?.tls) idle(TLS, 'has an effect only with a REDIS_URL that begins with rediss');
  else if (cert !== undefined && key === undefined)
    problems.push({ name: 'REDIS_TLS_KEY', rule: 'must be set with REDIS_TLS_CERT' });
  else if (key !== undefined && cert === undefined)
    problems.push({ name: 'REDIS_TLS_CERT', rule: 'must be set with REDIS_TLS_KEY' });
  if (url?.topology !== 'sentinel')
    idle(SENTINEL, 'has an effect only with a REDIS_URL that begins with redis+sentinel or rediss+sentinel');
  return problems;
}
