// Spec files that run once, whatever LATCHKEY_TEST_REDIS says, each with the reason. All others are repeated on Sentinel
// and on Cluster. Unit specs (*.spec.ts) are not repeated either: they speak to no Redis.
const NO_REDIS = 'speaks to no Redis';
const OWN_TOPOLOGIES = 'starts the topologies that it is about by itself';
const ONE_SERVER = 'puts a network that breaks before one server; failover has its own specs';

/** @type {Record<string, string>} */
export const NOT_REPEATED = {
  accounts: NO_REDIS,
  'audit-trail': NO_REDIS,
  'audit-transaction': NO_REDIS,
  'database-boot': NO_REDIS,
  'database-outage': NO_REDIS,
  guarantees: NO_REDIS,
  migrations: NO_REDIS,
  'outbox-drain': NO_REDIS,
  'refusals-at-start': NO_REDIS,
  'smtp-mail-sender': NO_REDIS,
  'store-options': NO_REDIS,
  'tcp-proxy': NO_REDIS,
  'user-changes': NO_REDIS,
  breaker: OWN_TOPOLOGIES,
  'outage-host': ONE_SERVER,
  'outage-login': ONE_SERVER,
  'outage-table': ONE_SERVER,
  'redis-client-outages': OWN_TOPOLOGIES,
  'cluster-resharding': OWN_TOPOLOGIES,
  'cluster-store': OWN_TOPOLOGIES,
  'cluster-throttle': OWN_TOPOLOGIES,
  'redis-boot': OWN_TOPOLOGIES,
  'redis-client': OWN_TOPOLOGIES,
  failover: OWN_TOPOLOGIES,
  'revoke-everyone': OWN_TOPOLOGIES,
  'revoke-everyone-topology': OWN_TOPOLOGIES,
  'enumeration-timing': 'compares times of answers, in which the way to Redis is the same for all',
  'out-of-memory': 'fills the memory of one server to the byte; the scripts are the same on several',
  'outbox-crash': 'holds what the program sends at a gate, which several servers would lead around',
  'properties/session-mutants': 'is about what the property test finds, which runs on all topologies',
  'store-commonjs': 'is about how the package is loaded',
};
