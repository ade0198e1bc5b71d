#!lua flags=allow-oom
-- Notes the index keys that a program starts with, unless they are others than those the sessions here were made with.
--
-- KEYS  1 ring
-- ARGV  1 how long a key is remembered after the last start with it, ms
--       2… fingerprints of the program's keys, first key first
-- Returns 1 when the program may go on, 0 when it shares no key with the last ring; then nothing is changed.
-- Afterwards the value is the last ring and every key seen lately, each with its last start: 'a,b;a:1700000000000,…'.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local mine, names, seen = {}, {}, {}
for i = 2, #ARGV do
  mine[ARGV[i]] = true
  names[#names + 1] = ARGV[i]
  seen[#seen + 1] = ARGV[i] .. string.format(':%.0f', now)
end
local last, history = string.match(redis.call('GET', KEYS[1]) or '', '^([^;]*);?(.*)$')
local shared = last == ''
for name in string.gmatch(last, '[^,]+') do
  if mine[name] then shared = true end
  -- Written before there was a history.
  if history == '' and not mine[name] then seen[#seen + 1] = name .. string.format(':%.0f', now) end
end
if not shared then return 0 end
for name, at in string.gmatch(history, '([^:,]+):(%d+)') do
  if not mine[name] and tonumber(at) > now - tonumber(ARGV[1]) then seen[#seen + 1] = name .. ':' .. at end
end
redis.call('SET', KEYS[1], table.concat(names, ',') .. ';' .. table.concat(seen, ','))
return 1
