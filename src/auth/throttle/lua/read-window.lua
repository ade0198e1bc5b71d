#!lua flags=no-writes
-- Reads a counter and what is left of its window.
--
-- KEYS  1 counter
-- Returns {now, count, ms left of the window}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return {now, tonumber(redis.call('GET', KEYS[1]) or '0'), math.max(redis.call('PTTL', KEYS[1]), 0)}
