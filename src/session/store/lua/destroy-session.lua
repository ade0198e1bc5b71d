#!lua flags=allow-oom
-- Ends one session. Flagged allow-oom: a full Redis must not keep a revoked session alive.
--
-- KEYS  1 session record   2 index of the user   3 generation of the user   (2 and 3 unused when anonymous)
-- ARGV  1 digest   2 '1' for a user's session, '0' for an anonymous one   3 why
--       4 mark that the id has moved ('' for none; same slot)   5 TTL of the mark, ms
-- Returns 1 when the session was live until now, 0 when there was nothing to end.
--- @include header
--- @include ended
local header, newer = headerOf(KEYS[1])
redis.call('UNLINK', KEYS[1])
if ARGV[4] ~= '' then redis.call('SET', ARGV[4], '', 'PX', ARGV[5]) end
if ARGV[2] == '1' then
  redis.call('ZREM', KEYS[2], ARGV[1])
  -- One second of slack: TIME may be ahead of the clock that expires keys.
  local time = redis.call('TIME')
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', time[1] * 1000 + math.floor(time[2] / 1000) - 1000)
  if header ~= '' and (tonumber(string.sub(header, 41, 53)) or 0) < tonumber(redis.call('GET', KEYS[3]) or '0') then return 0 end
end
if not newer and (header == '' or string.sub(header, 1, 1) == 'M') then return 0 end
if ARGV[2] == '1' then tell(KEYS[2], 'idx', ARGV[3], ARGV[1]) end
return 1
