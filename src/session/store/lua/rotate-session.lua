#!lua
-- Moves a live session to a new id, keeping its creation time and never extending its absolute expiry.
--
-- KEYS  1 old record   2 new record   3 index of the user   4 generation of the user
-- ARGV  1 old digest   2 new digest   3 revision that was read, 10 digits   4 new body (JSON)
--       5 idle timeout, ms   6 longest absolute lifetime from now, ms   7 '1' to end every other session too
--       8 TTL of the generation, ms
--       9 mark that the old id has moved ('' for none; same slot)   10 TTL of the mark, ms
-- Returns {'OK', generation, now, created, absolute expiry, others ended, key of what is left to sweep or ''}
--       | {'CONFLICT', present record} | {'GONE'} | {'EXISTS'}
-- One script, so that a rotation in flight while its session is revoked makes nothing.
--- @include header
--- @include ended
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local header = headerOf(KEYS[1])
if header == '' then return {'GONE'} end
local generation = tonumber(redis.call('GET', KEYS[4]) or '0')
if tonumber(string.sub(header, 41, 53)) < generation then return {'GONE'} end
if string.sub(header, 54, 63) ~= ARGV[3] then return {'CONFLICT', redis.call('GET', KEYS[1])} end
if redis.call('EXISTS', KEYS[2]) == 1 then return {'EXISTS'} end
local created = tonumber(string.sub(header, 28, 40))
local absolute = math.min(tonumber(string.sub(header, 15, 27)), now + tonumber(ARGV[6]))
local ttl = math.min(tonumber(ARGV[5]), absolute - now)
redis.call('ZREM', KEYS[3], ARGV[1])
if ttl <= 0 then
  redis.call('UNLINK', KEYS[1])
  return {'GONE'}
end
local ended, trash = 0, ''
if ARGV[7] == '1' then
  ended = redis.call('ZCOUNT', KEYS[3], now, '+inf')
  generation = math.max(generation + 1, now)
  redis.call('SET', KEYS[4], string.format('%.0f', generation), 'PX', ARGV[8])
  if redis.call('EXISTS', KEYS[3]) == 1 then
    trash = string.gsub(KEYS[3], 'idx:{', 'trash:{', 1) .. string.format(':%.0f', generation)
    redis.call('RENAME', KEYS[3], trash)
  end
elseif generation > 0 and redis.call('PTTL', KEYS[4]) < tonumber(ARGV[8]) then
  redis.call('PEXPIRE', KEYS[4], ARGV[8])
end
local fresh = string.format('1%013.0f%013.0f%013.0f%013.0f%010.0f', now, absolute, created, generation, 1)
redis.call('UNLINK', KEYS[1])
redis.call('SET', KEYS[2], fresh .. ARGV[4], 'PXAT', now + ttl)
if ARGV[9] ~= '' then redis.call('SET', ARGV[9], '', 'PX', ARGV[10]) end
-- One second of slack: TIME may be ahead of the clock that expires keys.
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - 1000)
redis.call('ZADD', KEYS[3], now + ttl, ARGV[2])
if redis.call('PTTL', KEYS[3]) < absolute - now then redis.call('PEXPIRE', KEYS[3], absolute - now) end
tell(KEYS[3], 'idx', 'moved', ARGV[1])
if ARGV[7] == '1' then tell(KEYS[3], 'idx', 'password-changed') end
return {'OK', generation, now, created, absolute, ended, trash}
