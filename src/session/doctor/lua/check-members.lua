#!lua flags=allow-oom
-- Counts members of an index that promise a session where there is none, and takes them out when asked.
--
-- KEYS  1 index of the user
-- ARGV  1 prefix of this user's session records   2 '1' to take them out   3… digests to look at
-- Returns how many there are. Members whose time is over are no promise: the next write or listing prunes them.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = 0
for i = 3, #ARGV do
  local score = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if score and tonumber(score) > now and redis.call('EXISTS', ARGV[1] .. ARGV[i]) == 0 then
    found = found + 1
    if ARGV[2] == '1' then redis.call('ZREM', KEYS[1], ARGV[i]) end
  end
end
return found
