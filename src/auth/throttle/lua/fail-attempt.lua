#!lua
-- Counts a failed attempt, unless others that were let in together with it have locked the counter meanwhile: then it
-- is to be answered like one that was not let in, and changes nothing.
--
-- KEYS  1 failures   2 lock
-- ARGV  1 failures that were there when the attempt began   2 the failure from which on each locks
--       3 failures from which on the counter is stopped     4 the first lock, ms   5 the longest lock, ms
--       6 for how long each failure is remembered, ms       7 for how long a stop is, ms
-- Returns {1 when it was counted or 0, failures, ms left of the lock}
-- Not flagged allow-oom: at maxmemory no guess is answered that could not be counted.
local failures = tonumber(redis.call('GET', KEYS[1]) or '0')
local threshold = tonumber(ARGV[2])
local left = math.max(redis.call('PTTL', KEYS[2]), 0)
if left > 0 or (failures > tonumber(ARGV[1]) and failures >= threshold) then return {0, failures, left} end
failures = redis.call('INCR', KEYS[1])
-- A day more with each: spread over time, an account is not guessed at more than once a day without being stopped.
local memory = failures >= tonumber(ARGV[3]) and tonumber(ARGV[7]) or failures * tonumber(ARGV[6])
redis.call('PEXPIRE', KEYS[1], memory)
if failures < threshold then return {1, failures, 0} end
local lock = math.min(tonumber(ARGV[4]) * 2 ^ (failures - threshold), tonumber(ARGV[5]))
redis.call('SET', KEYS[2], '', 'PX', lock)
return {1, failures, lock}
