#!lua flags=no-writes
-- Reads what counts against an attempt: for a device that is known the counter of that device, else the account's.
--
-- KEYS  1 failures of the account   2 lock of the account   3 failures of the device   4 lock of the device
--       5 when the account's devices were last forgotten, ms
-- ARGV  1 when the device's token was issued, ms ('' when there is no token that verifies)
--       2 how long a token is good, ms   3 failures from which on a counter is stopped
-- Returns {now, 1 for a known device or 0, failures, ms left of the lock}
-- A device with that many failures counts as unknown: its token may be in other hands.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local counter, known = 1, 0
if ARGV[1] ~= '' then
  local issued = tonumber(ARGV[1])
  local forgotten = tonumber(redis.call('GET', KEYS[5]) or '0')
  local failures = tonumber(redis.call('GET', KEYS[3]) or '0')
  if issued > forgotten and issued > now - tonumber(ARGV[2]) and failures < tonumber(ARGV[3]) then
    counter, known = 3, 1
  end
end
local failures = tonumber(redis.call('GET', KEYS[counter]) or '0')
return {now, known, failures, math.max(redis.call('PTTL', KEYS[counter + 1]), 0)}
