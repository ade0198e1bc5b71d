#!lua flags=allow-oom
-- Asks whether a session that has just moved to a new id had to end with everybody's: a scan for all records may have
-- passed the new key before it was there and the old one after it was gone.
--
-- KEYS  1 the latest operation
-- ARGV  1 when the session began, ms   2 when it was last known to be live, ms
--       3 key of its old record   4 key of its new record   5 slack between the clocks of two primaries, ms
-- Returns 1 when it has to end, 0 when it may stay. The session that the operation keeps goes on being kept.
local last = redis.call('HMGET', KEYS[1], 'operation', 'begun', 'finished')
if not last[1] or tonumber(last[2]) + tonumber(ARGV[5]) < tonumber(ARGV[1]) then return 0 end
-- Alive after the end: the scan has let it live.
if last[3] ~= '' and tonumber(last[3]) + tonumber(ARGV[5]) < tonumber(ARGV[2]) then return 0 end
if redis.call('HGET', last[1], 'keep') ~= ARGV[3] then return 1 end
redis.call('HSET', last[1], 'keep', ARGV[4])
return 0
