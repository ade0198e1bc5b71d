#!lua flags=allow-oom
-- Lists the live sessions of a user and removes from the index whatever is dead.
--
-- KEYS  1 index of the user   2 generation of the user
-- ARGV  1 prefix of this user's session records   2 offset   3 most members to read
-- Returns {now, generation, members read, members kept, [digest, record, …], digests of records that cannot be read,
--          dead members taken out of the index}
--- @include header
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local generation = tonumber(redis.call('GET', KEYS[2]) or '0')
local pruned = redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 1000)
local first = tonumber(ARGV[2])
local members = redis.call('ZRANGE', KEYS[1], first, first + tonumber(ARGV[3]) - 1)
local live, unreadable = {}, {}
local kept = 0
for _, digest in ipairs(members) do
  local record = redis.pcall('GET', ARGV[1] .. digest)
  local header, newer = headerIn(record)
  if newer then
    kept = kept + 1
  elseif header == '' or tonumber(string.sub(header, 41, 53)) < generation then
    redis.call('ZREM', KEYS[1], digest)
    pruned = pruned + 1
    if header == '' and record then unreadable[#unreadable + 1] = digest end
  else
    kept = kept + 1
    if tonumber(string.sub(header, 15, 27)) > now then
      live[#live + 1] = digest
      live[#live + 1] = record
    end
  end
end
return {now, generation, #members, kept, live, unreadable, pruned}
