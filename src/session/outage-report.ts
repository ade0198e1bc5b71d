import type { Logger } from '@nestjs/common';
import type { Cluster, Redis } from 'ioredis';
import { Breaker } from './store/breaker.js';

/**
 * Tells the log when Redis does not answer in time, and when it does again: what is slow closes no connection, so its
 * client has nothing to report. And, once, that a client would wait for ever.
 */
export function reportOutages(client: Redis | Cluster, logger: Logger): void {
  const options = client.isCluster ? (client as Cluster).options.redisOptions : (client as Redis).options;
  if (options?.commandTimeout === undefined) {
    logger.warn(
      'The Redis client has no commandTimeout: requests would wait for ever for a server that is frozen. ' +
        'docs/operations.md says which options it should have.',
    );
  }
  let away = false;
  Breaker.of(client).onState((state) => {
    if (state === 'open' && !away)
      logger.warn('Redis does not answer in time; requests that need it get 503.');
    if (state === 'closed') logger.log('Redis answers in time again.');
    away = state !== 'closed';
  });
}
