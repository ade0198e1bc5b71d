-- Reads everything under a prefix at one instant.
--
-- ARGV  1 prefix of the keys
-- Returns {now, [key, expiry ms or -1, value, key, expiry, value, …]}; the value of a sorted set is a list of members
-- and scores, that of a hash a list of fields and values.
local time = redis.call('TIME')
local found = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  local kind = redis.call('TYPE', key).ok
  local value
  if kind == 'zset' then
    value = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  elseif kind == 'hash' then
    value = redis.call('HGETALL', key)
  else
    value = redis.call('GET', key)
  end
  found[#found + 1] = key
  found[#found + 1] = redis.call('PEXPIRETIME', key)
  found[#found + 1] = value
end
return {time[1] * 1000 + math.floor(time[2] / 1000), found}
