#!lua
-- Slides the idle timeout of a live session, at most once per interval over all nodes. Never beyond the absolute expiry.
--
-- KEYS  1 session record   2 index of the user   3 generation of the user   (2 and 3 unused when anonymous)
-- ARGV  1 digest   2 idle timeout, ms   3 interval, ms   4 '1' for a user's session, '0' for an anonymous one
-- Returns {'OK', now, dead members taken out of the index} | {'NOOP', now, last touch} | {'GONE'}
-- A session of an older generation is left alone: a touch must not put a dead session back into the index.
--- @include header
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local header = headerOf(KEYS[1])
if header == '' or string.sub(header, 1, 1) == 'M' then return {'GONE'} end
local indexed = ARGV[4] == '1'
if indexed and tonumber(string.sub(header, 41, 53)) < tonumber(redis.call('GET', KEYS[3]) or '0') then return {'GONE'} end
local last = tonumber(string.sub(header, 2, 14))
if now - last < tonumber(ARGV[3]) then return {'NOOP', now, last} end
local left = tonumber(string.sub(header, 15, 27)) - now
local ttl = math.min(tonumber(ARGV[2]), left)
if ttl <= 0 then
  redis.call('UNLINK', KEYS[1])
  if indexed then redis.call('ZREM', KEYS[2], ARGV[1]) end
  return {'GONE'}
end
redis.call('SETRANGE', KEYS[1], 1, string.format('%013.0f', now))
redis.call('PEXPIREAT', KEYS[1], now + ttl)
local pruned = 0
if indexed then
  -- One second of slack: TIME may be ahead of the clock that expires keys.
  pruned = redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - 1000)
  if redis.call('ZADD', KEYS[2], now + ttl, ARGV[1]) == 1 and redis.call('PTTL', KEYS[2]) < left then
    redis.call('PEXPIRE', KEYS[2], left)
  end
end
return {'OK', now, pruned}
