-- Lets time pass without waiting: moves every time that is stored back by as much as is to pass.
-- Redis's clock cannot be set; that all it is compared with becomes older has the same effect, to the millisecond.
--
-- ARGV  1 prefix of the keys   2 how much time passes, ms
-- Moves the expiry of every key, the four times in the header of a session record (the generation is a time unless
-- it is 0), the scores of indexes and trash, the generations, and when everybody's sessions were last ended. A key whose
-- expiry is past is gone.
local prefix, passed = ARGV[1], tonumber(ARGV[2])
local function back(key, offset)
  local time = tonumber(redis.call('GETRANGE', key, offset, offset + 12))
  if time > 0 then redis.call('SETRANGE', key, offset, string.format('%013.0f', time - passed)) end
end
for _, key in ipairs(redis.call('KEYS', prefix .. '*')) do
  local kind = string.match(string.sub(key, #prefix + 1), '^%a+')
  if kind == 'sess' then
    for _, offset in ipairs({1, 14, 27, 40}) do back(key, offset) end
  elseif kind == 'gen' then
    redis.call('SET', key, string.format('%.0f', redis.call('GET', key) - passed), 'KEEPTTL')
  elseif kind == 'idx' or kind == 'trash' then
    local members = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
    for i = 1, #members, 2 do redis.call('ZADD', key, members[i + 1] - passed, members[i]) end
  end
  if key == prefix .. '{everyone}:latest' then
    for _, field in ipairs({'begun', 'finished'}) do
      local time = redis.call('HGET', key, field)
      if time ~= '' then redis.call('HSET', key, field, string.format('%.0f', time - passed)) end
    end
  end
  local expiry = redis.call('PEXPIRETIME', key)
  if expiry >= 0 then redis.call('PEXPIREAT', key, expiry - passed) end
end
return redis.status_reply('OK')
