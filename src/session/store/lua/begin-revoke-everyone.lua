#!lua flags=allow-oom
-- Starts an operation that ends everybody's sessions: raises the epoch, which every login compares after its create.
--
-- KEYS  1 epoch   2 the operation   3 the operation under way   4 the latest operation
-- ARGV  1 operation id   2 key of the session record to keep ('' for none)   3 TTL of the operation, ms
--       4 TTL of the latest operation, ms
-- Returns the new epoch.
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local epoch = redis.call('INCR', KEYS[1])
redis.call('HSET', KEYS[2], 'id', ARGV[1], 'state', 'running', 'revoked', 0, 'keep', ARGV[2], 'epoch', epoch)
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[3])
redis.call('HSET', KEYS[4], 'operation', KEYS[2], 'begun', now, 'finished', '')
redis.call('PEXPIRE', KEYS[4], ARGV[4])
return epoch
