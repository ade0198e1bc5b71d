#!lua flags=allow-oom
-- Forgets the failures of a counter after a success, unless others that were let in together with it have locked the
-- counter meanwhile: then it is to be answered like one that was not let in, and changes nothing.
--
-- KEYS  1 failures   2 lock
-- ARGV  1 failures that were there when the attempt began   2 the failure from which on each locks
-- Returns {1 when it stands or 0, failures, ms left of the lock}
local failures = tonumber(redis.call('GET', KEYS[1]) or '0')
local left = math.max(redis.call('PTTL', KEYS[2]), 0)
if left > 0 or (failures > tonumber(ARGV[1]) and failures >= tonumber(ARGV[2])) then return {0, failures, left} end
redis.call('UNLINK', KEYS[1], KEYS[2])
return {1, 0, 0}
