import { scanKeys } from '../store/scan.js';
import type { RedisAccess } from '../store/redis-access.js';

const MOST_SHOWN = 100;

/** A record that was taken out of the way because no request could use it. Its contents are for whoever reads Redis. */
export interface QuarantinedRecord {
  /** Name of its key in Redis. */
  key: string;
  /** Redis's type of it. */
  type: string;
  /** ISO 8601. */
  keptUntil: string;
}

/** How many records are in quarantine, and the first hundred of them. */
export interface QuarantineReport {
  count: number;
  records: QuarantinedRecord[];
}

/** What lies in quarantine. Commands: SCAN; TYPE and PTTL for each that is shown. */
export async function reportQuarantine({ client, keys, clock }: RedisAccess): Promise<QuarantineReport> {
  const seen = new Set<string>();
  for await (const found of scanKeys(client, keys.allQuarantined)) for (const key of found) seen.add(key);
  const records: QuarantinedRecord[] = [];
  for (const key of [...seen].slice(0, MOST_SHOWN)) {
    const [type, ttlMs] = await Promise.all([client.type(key), client.pttl(key)]);
    const keptUntil = new Date(Math.round(clock.now()) + ttlMs).toISOString();
    if (type !== 'none') records.push({ key, type, keptUntil });
  }
  return { count: seen.size, records };
}
