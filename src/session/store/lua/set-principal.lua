#!lua flags=allow-oom
-- Writes what every session of a user has to believe about its user from now on, if it is news.
--
-- KEYS  1 principal of the user
-- ARGV  1 version   2 principal as JSON with that version as its first member, {"v":…}   3 TTL, ms
--       4 what to tell: 'principal', or 'disabled' when that ends them
-- Returns 1 when written, 0 when an equal or younger version is there already.
--- @include ended
local present = redis.call('GET', KEYS[1])
if present and tonumber(string.match(present, '^{"v":(%d+)') or '-1') >= tonumber(ARGV[1]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
tell(KEYS[1], 'prn', ARGV[4])
return 1
