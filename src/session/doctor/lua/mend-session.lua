#!lua flags=allow-oom
-- Makes the TTL of a live session, its place in the index and the TTL of that agree with the record's header.
--
-- KEYS  1 session record   2 index of the user   3 generation of the user   (2 and 3 unused when anonymous)
-- ARGV  1 digest   2 '1' for a user's session, '0' for an anonymous one   3 idle timeout, ms
-- Returns 1 when the session is sound now, 0 when there is none that could be.
-- It never makes a session live longer than its last touch and its absolute expiry allow; one that is beyond either
-- is deleted. Safe at any time: what is sound stays as it is.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('TYPE', KEYS[1]).ok ~= 'string' then return 0 end
local header = redis.call('GETRANGE', KEYS[1], 0, 62)
if not string.find(header, '^[1M]%d+$') or #header ~= 63 then return 0 end
local indexed = ARGV[2] == '1'
if indexed and tonumber(string.sub(header, 41, 53)) < tonumber(redis.call('GET', KEYS[3]) or '0') then return 0 end
local left = tonumber(string.sub(header, 15, 27)) - now
local due = math.min(tonumber(string.sub(header, 2, 14)) + tonumber(ARGV[3]) - now, left)
if due <= 0 then
  redis.call('UNLINK', KEYS[1])
  if indexed then redis.call('ZREM', KEYS[2], ARGV[1]) end
  return 0
end
local ttl = redis.call('PTTL', KEYS[1])
if ttl < 0 or ttl > due then
  redis.call('PEXPIRE', KEYS[1], due)
  ttl = due
end
if indexed then
  redis.call('ZADD', KEYS[2], now + ttl, ARGV[1])
  if redis.call('PTTL', KEYS[2]) < left then redis.call('PEXPIRE', KEYS[2], left) end
end
return 1
