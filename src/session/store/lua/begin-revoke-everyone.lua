#!lua flags=allow-oom
-- Starts an operation that ends everybody's sessions: raises the epoch, which every login compares after its create.
-- While one is under way there is no second: it begins anew, and keeps the session of whoever called last.
--
-- KEYS  1 epoch   2 the operation   3 the operation under way   4 the latest operation
-- ARGV  1 operation id   2 key of the session record to keep ('' for none)   3 TTL of the operation, ms
--       4 what the keys of operations begin with (same slot)   5 TTL of the latest operation, ms
-- Returns the id of the operation.
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local epoch = redis.call('INCR', KEYS[1])
local id, key = ARGV[1], KEYS[2]
local current = redis.call('GET', KEYS[3])
if current and redis.call('HGET', ARGV[4] .. current, 'state') == 'running' then
  id, key = current, ARGV[4] .. current
else
  redis.call('HSET', key, 'id', id, 'state', 'running', 'revoked', 0, 'pending', '[]')
end
redis.call('HSET', key, 'keep', ARGV[2], 'epoch', epoch)
redis.call('PEXPIRE', key, ARGV[3])
redis.call('SET', KEYS[3], id, 'PX', ARGV[3])
redis.call('HSET', KEYS[4], 'operation', key, 'begun', now, 'finished', '')
redis.call('PEXPIRE', KEYS[4], ARGV[5])
return id
