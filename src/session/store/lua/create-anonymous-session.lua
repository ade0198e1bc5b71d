#!lua
-- Creates the record of an anonymous session. It belongs to no user, so it has no index and no generation.
--
-- KEYS  1 session record
-- ARGV  1 session body (JSON)   2 idle timeout, ms   3 absolute timeout, ms
-- Returns {'OK', 0, now} | {'EXISTS'}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local absolute = tonumber(ARGV[3])
local header = string.format('1%013.0f%013.0f%013.0f%013.0f%010.0f', now, now + absolute, now, 0, 1)
if redis.call('SET', KEYS[1], header .. ARGV[1], 'NX', 'PX', math.min(tonumber(ARGV[2]), absolute)) then
  return {'OK', 0, now}
end
return {'EXISTS'}
