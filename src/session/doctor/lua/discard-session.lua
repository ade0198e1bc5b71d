#!lua flags=allow-oom
-- Deletes a record that no request would accept, unless it is another one by now.
--
-- KEYS  1 session record   2 index of the user   (2 unused when anonymous)
-- ARGV  1 digest   2 '1' for a user's session, '0' for an anonymous one   3 the record as it was read, '' when it was no string
-- Returns 1 when it was deleted, 0 when it has changed.
local kind = redis.call('TYPE', KEYS[1]).ok
local present = kind == 'string' and redis.call('GET', KEYS[1]) or ''
if kind == 'none' or present ~= ARGV[3] then return 0 end
redis.call('UNLINK', KEYS[1])
if ARGV[2] == '1' and redis.call('TYPE', KEYS[2]).ok == 'zset' then redis.call('ZREM', KEYS[2], ARGV[1]) end
return 1
