#!lua
-- Creates the record of a logged-in session, indexes it and keeps the user's session limit, in one step.
--
-- KEYS  1 session record   2 index of the user   3 generation of the user
-- ARGV  1 digest           2 session body (JSON)
--       3 idle timeout, ms 4 absolute timeout, ms
--       5 generation the login's ticket saw ('' when the caller has none)
--       6 maximum sessions (0: unlimited)   7 'evict-lru' | 'evict-oldest' | 'reject'
--       8 shortest TTL of the generation, ms
--       9 prefix of this user's session records   10 digest of a session that this one replaces ('' for none)
--      11 marker of a takeover ('' for none; same slot)   12 TTL of the marker, ms
--      13 why the one that it replaces ends
--      14 mark that the replaced id has moved ('' for none; same slot)   15 TTL of the mark, ms
-- Returns {'OK', generation, now, evicted digests, digests of records that cannot be read, dead members taken out}
--       | {'STALE', generation} | {'EXISTS'} | {'TAKEN'} | {'LIMIT'}
-- Afterwards the record is in the index with its expiry as score, and no more than the maximum are usable.
-- Not flagged allow-oom: at maxmemory a login is refused, never half done.
--- @include header
--- @include ended
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local generation = tonumber(redis.call('GET', KEYS[3]) or '0')
if ARGV[5] ~= '' and tonumber(ARGV[5]) ~= generation then return {'STALE', generation} end
if redis.call('EXISTS', KEYS[1]) == 1 then return {'EXISTS'} end
-- A session that was taken over is made once; without the marker a logout could be undone by the old cookie.
local marker = ARGV[11]
if marker ~= '' and redis.call('EXISTS', marker) == 1 then return {'TAKEN'} end

local prefix = ARGV[9]
local replaced = ARGV[10]
-- One second of slack: TIME may be ahead of the clock that expires keys. The record's expiry and its score are the same
-- time, however long the script is held up between writing the one and the other.
local pruned = redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - 1000)

local evicted, unreadable = {}, {}
local maximum = tonumber(ARGV[6])
if maximum > 0 then
  local live = {}
  for _, digest in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
    if digest ~= replaced then
      local header, newer = headerOf(prefix .. digest)
      if newer then
        -- Only the program that wrote it knows when it was used: it counts, and others are evicted before it.
        live[#live + 1] = {digest, math.huge}
      elseif header == '' or tonumber(string.sub(header, 41, 53)) < generation then
        redis.call('ZREM', KEYS[2], digest)
        pruned = pruned + 1
        if header == '' and redis.call('EXISTS', prefix .. digest) == 1 then unreadable[#unreadable + 1] = digest end
      elseif tonumber(string.sub(header, 15, 27)) > now then
        local age = ARGV[7] == 'evict-oldest' and string.sub(header, 28, 40) or string.sub(header, 2, 14)
        live[#live + 1] = {digest, tonumber(age)}
      end
    end
  end
  local over = #live + 1 - maximum
  if over > 0 then
    if ARGV[7] == 'reject' then return {'LIMIT'} end
    table.sort(live, function(a, b)
      if a[2] == b[2] then return a[1] < b[1] end
      return a[2] < b[2]
    end)
    for i = 1, over do
      redis.call('UNLINK', prefix .. live[i][1])
      redis.call('ZREM', KEYS[2], live[i][1])
      evicted[i] = live[i][1]
    end
  end
end
if replaced ~= '' then
  redis.call('UNLINK', prefix .. replaced)
  redis.call('ZREM', KEYS[2], replaced)
  if ARGV[14] ~= '' then redis.call('SET', ARGV[14], '', 'PX', ARGV[15]) end
end

local absolute = tonumber(ARGV[4])
local ttl = math.min(tonumber(ARGV[3]), absolute)
local header = string.format('1%013.0f%013.0f%013.0f%013.0f%010.0f', now, now + absolute, now, generation, 1)
redis.call('SET', KEYS[1], header .. ARGV[2], 'PXAT', now + ttl)
redis.call('ZADD', KEYS[2], now + ttl, ARGV[1])
if marker ~= '' then redis.call('SET', marker, '', 'PX', ARGV[12]) end
if redis.call('PTTL', KEYS[2]) < absolute then redis.call('PEXPIRE', KEYS[2], absolute) end
-- A generation that expired under a younger session would read as 0 and revive what it had ended.
if generation > 0 and redis.call('PTTL', KEYS[3]) < tonumber(ARGV[8]) then redis.call('PEXPIRE', KEYS[3], ARGV[8]) end
-- Lua passes no more than some thousands of arguments: of that many, each finds out by itself.
if #evicted > 100 then tell(KEYS[2], 'idx', 'evicted')
elseif #evicted > 0 then tell(KEYS[2], 'idx', 'evicted', unpack(evicted)) end
if replaced ~= '' then tell(KEYS[2], 'idx', ARGV[13], replaced) end
tell(KEYS[2], 'idx', 'created', ARGV[1])
return {'OK', generation, now, evicted, unreadable, pruned}
