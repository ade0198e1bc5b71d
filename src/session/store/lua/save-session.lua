#!lua
-- Replaces the body of a live session, if nobody changed it since it was read. Never creates.
--
-- KEYS  1 session record   2 index of the user   3 generation of the user   (2 and 3 unused when anonymous)
-- ARGV  1 digest   2 revision that was read, 10 digits   3 the whole new record, revision raised by one
--       4 idle timeout, ms   5 '1' for a user's session, '0' for an anonymous one
-- Returns {'OK', now, dead members taken out of the index} | {'CONFLICT', present record} | {'GONE'} | {'MOVED'}
-- Afterwards the record, its TTL and its index score agree; a dead session is still dead.
--- @include header
--- @include ended
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local header = headerOf(KEYS[1])
if header == '' then return {'GONE'} end
if string.sub(header, 1, 1) == 'M' then return {'MOVED'} end
local indexed = ARGV[5] == '1'
if indexed and tonumber(string.sub(header, 41, 53)) < tonumber(redis.call('GET', KEYS[3]) or '0') then return {'GONE'} end
if string.sub(header, 54, 63) ~= ARGV[2] then return {'CONFLICT', redis.call('GET', KEYS[1])} end
local left = tonumber(string.sub(header, 15, 27)) - now
local ttl = math.min(tonumber(ARGV[4]), left)
if ttl <= 0 then
  redis.call('UNLINK', KEYS[1])
  if indexed then redis.call('ZREM', KEYS[2], ARGV[1]) end
  return {'GONE'}
end
-- Who keeps sockets open with it has to know when it ends sooner than he thought; a quarter of a second he finds by himself.
local isShorter = indexed and redis.call('PEXPIRETIME', KEYS[1]) - 250 > now + ttl
redis.call('SET', KEYS[1], ARGV[3], 'XX', 'PXAT', now + ttl)
-- The last touch is Redis's time, whatever the clock of the node that sent the record says.
redis.call('SETRANGE', KEYS[1], 1, string.format('%013.0f', now))
local pruned = 0
if indexed then
  -- One second of slack: TIME may be ahead of the clock that expires keys.
  pruned = redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - 1000)
  if redis.call('ZADD', KEYS[2], now + ttl, ARGV[1]) == 1 and redis.call('PTTL', KEYS[2]) < left then
    redis.call('PEXPIRE', KEYS[2], left)
  end
end
if isShorter then tell(KEYS[2], 'idx', 'shortened', ARGV[1]) end
return {'OK', now, pruned}
