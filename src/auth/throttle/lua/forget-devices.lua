#!lua flags=allow-oom
-- Makes every device of an account unknown whose token was issued until now.
--
-- KEYS  1 when the account's devices were last forgotten, ms
-- ARGV  1 how long a token is good, ms: what was issued before is nobody's any more when the key has expired
-- Returns that time; a token has to be younger.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local forgotten = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0') + 1)
redis.call('SET', KEYS[1], string.format('%.0f', forgotten), 'PX', ARGV[1])
return forgotten
