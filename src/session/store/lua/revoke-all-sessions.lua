#!lua flags=allow-oom
-- Ends every session of a user in constant time: raises the generation, which every read compares.
-- Flagged allow-oom: a full Redis must not keep revoked sessions alive.
--
-- KEYS  1 index of the user   2 generation of the user
-- ARGV  1 prefix of this user's session records   2 digest to keep ('' for none)
--       3 TTL of the generation, ms   4 most records to delete at once   5 why
-- Returns {generation, sessions ended, key of what is left to sweep or ''}
-- Afterwards no session of an older generation is accepted; the kept one is raised, its revision too, so that a
-- save in flight cannot write the old generation back.
--- @include header
--- @include ended
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local before = tonumber(redis.call('GET', KEYS[2]) or '0')
local generation = math.max(before + 1, now)
redis.call('SET', KEYS[2], string.format('%.0f', generation), 'PX', ARGV[3])

local keep = ARGV[2]
local kept = nil
if keep ~= '' then
  local key = ARGV[1] .. keep
  local header = headerOf(key)
  if header ~= '' and tonumber(string.sub(header, 41, 53)) >= before then
    local revision = tonumber(string.sub(header, 54, 63)) + 1
    redis.call('SETRANGE', key, 40, string.format('%013.0f%010.0f', generation, revision))
    kept = {redis.call('PEXPIRETIME', key), tonumber(string.sub(header, 15, 27))}
    redis.call('ZREM', KEYS[1], keep)
  end
end

local ended = redis.call('ZCOUNT', KEYS[1], now, '+inf')
local popped = redis.call('ZPOPMIN', KEYS[1], ARGV[4])
for i = 1, #popped, 2 do redis.call('UNLINK', ARGV[1] .. popped[i]) end
local trash = ''
if redis.call('EXISTS', KEYS[1]) == 1 then
  trash = string.gsub(KEYS[1], 'idx:{', 'trash:{', 1) .. string.format(':%.0f', generation)
  redis.call('RENAME', KEYS[1], trash)
end
if kept then
  redis.call('ZADD', KEYS[1], kept[1], keep)
  redis.call('PEXPIRE', KEYS[1], kept[2] - now)
end
tell(KEYS[1], 'idx', ARGV[5])
return {generation, ended, trash}
