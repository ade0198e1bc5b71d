#!lua flags=allow-oom
-- Starts an operation that ends everybody's sessions: raises the epoch, which every login compares after its create.
--
-- KEYS  1 epoch   2 the operation   3 the operation under way
-- ARGV  1 operation id   2 key of the session record to keep ('' for none)   3 TTL of the operation, ms
-- Returns the new epoch.
local epoch = redis.call('INCR', KEYS[1])
redis.call('HSET', KEYS[2], 'id', ARGV[1], 'state', 'running', 'revoked', 0, 'keep', ARGV[2], 'epoch', epoch)
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[3])
return epoch
