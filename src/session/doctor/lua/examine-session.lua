#!lua flags=no-writes,allow-oom
-- Reads everything that Redis holds about one session, at one instant.
--
-- KEYS  1 session record   2 index of the user   3 generation of the user   (2 and 3 unused when anonymous)
-- ARGV  1 digest   2 '1' for a user's session, '0' for an anonymous one
-- Returns {now, type of the record's key, record or '', its TTL, score in the index or '', TTL of the index, generation}
-- TTLs in ms, as PTTL says them. Changes nothing.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local kind = redis.call('TYPE', KEYS[1]).ok
local record = kind == 'string' and redis.call('GET', KEYS[1]) or ''
local score, indexTtl, generation = '', -2, '0'
if ARGV[2] == '1' then
  indexTtl = redis.call('PTTL', KEYS[2])
  if redis.call('TYPE', KEYS[2]).ok == 'zset' then score = redis.call('ZSCORE', KEYS[2], ARGV[1]) or '' end
  generation = redis.call('GET', KEYS[3]) or '0'
end
return {now, kind, record, redis.call('PTTL', KEYS[1]), score, indexTtl, generation}
