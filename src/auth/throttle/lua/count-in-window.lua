#!lua
-- Counts one more in the present window of time, which begins with the first.
--
-- KEYS  1 counter
-- ARGV  1 length of the window, ms
-- Returns {now, count, ms left of the window}
local count = redis.call('INCR', KEYS[1])
-- Not only with the first: a counter without an end would lock somebody out for good.
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
local time = redis.call('TIME')
return {time[1] * 1000 + math.floor(time[2] / 1000), count, redis.call('PTTL', KEYS[1])}
