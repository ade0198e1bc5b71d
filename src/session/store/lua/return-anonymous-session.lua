#!lua flags=allow-oom
-- Gives back an anonymous session that a login took and could not carry over.
--
-- KEYS  1 session record
-- ARGV  1 idle timeout, ms
-- Returns 1 when it is usable again, 0 when it is gone.
--- @include header
local header = headerOf(KEYS[1])
if string.sub(header, 1, 1) ~= 'M' then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ttl = math.min(tonumber(ARGV[1]), tonumber(string.sub(header, 15, 27)) - now)
if ttl <= 0 then
  redis.call('UNLINK', KEYS[1])
  return 0
end
redis.call('SETRANGE', KEYS[1], 0, '1')
redis.call('PEXPIREAT', KEYS[1], now + ttl)
return 1
