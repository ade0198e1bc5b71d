#!lua flags=allow-oom
-- Takes what an anonymous session holds, for the login that carries it over. Taken once, by one login.
--
-- KEYS  1 session record
-- ARGV  1 how long the mark stays, ms
-- Returns the record as it was, or false when there is none to take.
-- The record stays, marked 'M': a request that still holds the old id learns that its session moved, and the login
-- can give it back when it fails further on.
local record = redis.call('GET', KEYS[1])
if not record or string.sub(record, 1, 1) ~= '1' then return false end
redis.call('SETRANGE', KEYS[1], 0, 'M')
if redis.call('PTTL', KEYS[1]) > tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return record
