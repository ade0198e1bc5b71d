// How many sessions of other people get into a Redis within seconds: the server itself copies one that a store has made.

const CHUNK = 5_000;
const PER_USER = 5;

const COPY_LATCHKEY = `
local from, till, record, expiry = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]
for i = from, till - 1 do
  local tag = string.format('other%011d', math.floor(i / ${PER_USER}))
  local digest = string.format('%043d', i)
  redis.call('SET', 'lk:sess:{' .. tag .. '}:' .. digest, record, 'EX', 86400)
  redis.call('ZADD', 'lk:idx:{' .. tag .. '}', expiry, digest)
end`;

const COPY_CONNECT_REDIS = `
for i = tonumber(ARGV[1]), tonumber(ARGV[2]) - 1 do
  redis.call('SET', 'sess:' .. string.format('%032d', i), ARGV[3], 'EX', 86400)
end`;

/**
 * @param {import('ioredis').Redis} client
 * @param {{ from: number, till: number, record: string }} what numbers of the sessions, and the record that all have
 */
export async function fillLatchkey(client, { from, till, record }) {
  const expiry = Date.now() + 86_400_000;
  for (let i = from; i < till; i += CHUNK) {
    await client.eval(COPY_LATCHKEY, 0, i, Math.min(till, i + CHUNK), record, expiry);
  }
}

/**
 * @param {import('ioredis').Redis} client
 * @param {{ from: number, till: number, record: string }} what
 */
export async function fillConnectRedis(client, { from, till, record }) {
  for (let i = from; i < till; i += CHUNK) {
    await client.eval(COPY_CONNECT_REDIS, 0, i, Math.min(till, i + CHUNK), record);
  }
}
