#!lua
-- Creates the record of an anonymous session. It belongs to no user, so it has no index and no generation.
--
-- KEYS  1 session record
-- ARGV  1 session body (JSON)   2 idle timeout, ms   3 absolute timeout, ms
--       4 marker of a takeover ('' for none; same slot)   5 TTL of the marker, ms
-- Returns {'OK', 0, now} | {'EXISTS'} | {'TAKEN'}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local absolute = tonumber(ARGV[3])
local marker = ARGV[4]
if marker ~= '' and redis.call('EXISTS', KEYS[1]) == 0 and redis.call('EXISTS', marker) == 1 then return {'TAKEN'} end
local header = string.format('1%013.0f%013.0f%013.0f%013.0f%010.0f', now, now + absolute, now, 0, 1)
if redis.call('SET', KEYS[1], header .. ARGV[1], 'NX', 'PXAT', now + math.min(tonumber(ARGV[2]), absolute)) then
  if marker ~= '' then redis.call('SET', marker, '', 'PX', ARGV[5]) end
  return {'OK', 0, now}
end
return {'EXISTS'}
