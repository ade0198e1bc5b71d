#!lua flags=allow-oom
-- Moves a record that no request can use out of the way, for people to look at, unless it is another one by now.
-- Flagged allow-oom: it makes no new data, and a full Redis must not keep such a record in its user's index.
--
-- KEYS  1 session record   2 index of the user   3 where the record goes
--       4 what lies in quarantine for this user   (2 and 4 unused when anonymous)
-- ARGV  1 digest   2 '1' for a user's session, '0' for an anonymous one
--       3 SHA-1 of the record as it was judged, hexadecimal, or '' when it was no string
--       4 how long it is kept, ms   5 most records kept for a user   6 what the keys of a user's kept records begin with
-- Returns 1 when it was moved, 0 when it is gone or has changed.
-- Afterwards no more than that many are kept for the user: beyond it the oldest goes.
local kind = redis.call('TYPE', KEYS[1]).ok
if kind == 'none' then return 0 end
local present = kind == 'string' and redis.sha1hex(redis.call('GET', KEYS[1])) or ''
if present ~= ARGV[3] then return 0 end
redis.call('RENAME', KEYS[1], KEYS[3])
redis.call('PEXPIRE', KEYS[3], ARGV[4])
if ARGV[2] ~= '1' then return 1 end
if redis.call('TYPE', KEYS[2]).ok == 'zset' then redis.call('ZREM', KEYS[2], ARGV[1]) end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now)
redis.call('ZADD', KEYS[4], now + tonumber(ARGV[4]), ARGV[1])
redis.call('PEXPIRE', KEYS[4], ARGV[4])
local over = redis.call('ZCARD', KEYS[4]) - tonumber(ARGV[5])
if over > 0 then
  local popped = redis.call('ZPOPMIN', KEYS[4], over)
  for i = 1, #popped, 2 do redis.call('UNLINK', ARGV[6] .. popped[i]) end
end
return 1
