// Spec files that run once, whatever LATCHKEY_TEST_REDIS says, each with the reason. All others are repeated on Sentinel
// and on Cluster. Unit specs (*.spec.ts) are not repeated either: they speak to no Redis.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const TESTS = fileURLToPath(new URL('../..', import.meta.url));
const NO_REDIS = 'speaks to no Redis';
const OWN_TOPOLOGIES = 'starts the topologies that it is about by itself';
const REQUEST_ALONE = 'is about what a request or a setting alone decides, wherever sessions are';
const ONE_WAY = 'breaks the way to one server, which several would lead around';

/** By what they import from test/support. */
const BY_IMPORT = {
  'redis-cluster.js': OWN_TOPOLOGIES,
  'redis-sentinel.js': OWN_TOPOLOGIES,
  'redis-topologies.js': OWN_TOPOLOGIES,
  'redis-replicas.js': OWN_TOPOLOGIES,
  'load/': OWN_TOPOLOGIES,
  'example.js': 'starts an example, with a Redis of its own',
  'tcp-proxy.js': ONE_WAY,
  'redis-gate.js': ONE_WAY,
  'browser.js': 'looks at pages, which know nothing but the HTTP contract',
};

/** By their names. */
const BY_NAME = {
  accounts: NO_REDIS,
  'audit-crash': 'is about what the database has when the process dies',
  'audit-trail': NO_REDIS,
  'audit-transaction': NO_REDIS,
  'database-boot': NO_REDIS,
  'database-outage': NO_REDIS,
  'behind-a-proxy': REQUEST_ALONE,
  cors: REQUEST_ALONE,
  'cross-site-decisions': REQUEST_ALONE,
  enumeration: REQUEST_ALONE,
  'fuzz/requests': REQUEST_ALONE,
  guarantees: NO_REDIS,
  'hostile-addresses': REQUEST_ALONE,
  'hostile-bodies': REQUEST_ALONE,
  'hostile-cost': REQUEST_ALONE,
  'hostile-headers': REQUEST_ALONE,
  'host-options': NO_REDIS,
  'log-injection': REQUEST_ALONE,
  'login-busy': 'is about the queue of hashes',
  migrations: NO_REDIS,
  'one-time-tokens': 'is about what the database holds',
  openapi: REQUEST_ALONE,
  'outbox-drain': NO_REDIS,
  'password-rules': REQUEST_ALONE,
  'refusals-at-start': NO_REDIS,
  'register-mail': 'is about mails; what they confirm is in register-confirm, which is repeated',
  'security-headers': REQUEST_ALONE,
  'smtp-mail-sender': NO_REDIS,
  'stats-history': 'is about what the database counts',
  'store-options': NO_REDIS,
  tracing: 'is about spans that other libraries make',
  traefik: 'is about the configuration of a gateway',
  'user-changes': NO_REDIS,
  'redis-client': NO_REDIS,
  'revocation-journal': 'restores a dump of one server from a file beside it',
  'redis-configuration': 'is about the configuration of one server',
  'enumeration-timing': 'compares times of answers, in which the way to Redis is the same for all',
  'session-costs': 'reads the counters of one server; the scripts are the same on several',
  'out-of-memory': 'fills the memory of one server to the byte; the scripts are the same on several',
  'properties/session-mutants': 'is about what the property test finds, which runs on all topologies',
  'store-commonjs': 'is about how the package is loaded',
  'session-vectors': 'is about what one record is, which is the same on all topologies',
  clients: 'starts the servers that the clients know by itself',
  'clients-redis': 'starts the servers that the clients know by itself',
  'clients-agreement': 'is about what one record is, which is the same on all topologies',
};

/** @returns {Map<string, string>} the reason by the path below test/, without `.e2e-spec.ts` */
export function notRepeated() {
  const gone = Object.keys(BY_NAME).filter((name) => !existsSync(`${TESTS}${name}.e2e-spec.ts`));
  if (gone.length > 0) throw new Error(`test/support/jest/not-repeated.mjs names what is not there: ${gone}`);
  const reasons = new Map(Object.entries(BY_NAME));
  for (const path of readdirSync(TESTS, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.e2e-spec.ts')) continue;
    const text = readFileSync(TESTS + path, 'utf8');
    for (const [module, reason] of Object.entries(BY_IMPORT))
      if (text.includes(`/support/${module}`)) reasons.set(path.replace('.e2e-spec.ts', ''), reason);
  }
  return reasons;
}
