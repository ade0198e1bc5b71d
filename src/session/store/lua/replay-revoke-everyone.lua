#!lua flags=allow-oom
-- Asks whether this Redis has lost that everybody's sessions were ended, and has it end them under the same epoch then.
--
-- KEYS  1 epoch
-- ARGV  1 epoch that it was raised to
-- Returns 1 when it was lost: the epoch is the one before, and the next operation raises it. 0 when not.
local recorded = tonumber(ARGV[1])
if tonumber(redis.call('GET', KEYS[1]) or '0') >= recorded then return 0 end
redis.call('SET', KEYS[1], string.format('%.0f', recorded - 1))
return 1
