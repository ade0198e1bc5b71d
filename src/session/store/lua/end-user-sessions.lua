#!lua flags=allow-oom
-- Ends sessions of one user for an operation that ends everybody's, or counts those that it would end.
-- One script in the user's slot, so a rotation under way makes its new record before this one or not at all.
--
-- KEYS  1 index of the user   2 generation of the user
-- ARGV  1 prefix of this user's session records   2 digest to keep ('' for none)   3 most members of the index to take
--       4 '1' to end them, '0' to count them   5 … digests of records that were found, in the index or not
-- Returns {live sessions among them, members of the index that are left to end}
-- A key of the wrong type is no session, and is deleted like one: it must not stop the operation.
--- @include ended
local keep, most, ending = ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1'
local generation = tonumber(redis.call('GET', KEYS[2]) or '0')
local digests, seen = {}, {[keep] = true}
local function take(digest)
  if not seen[digest] then digests[#digests + 1] = digest end
  seen[digest] = true
end

local members = redis.pcall('ZRANGE', KEYS[1], 0, most)
local corrupt = members.err ~= nil
if corrupt then
  if ending then redis.call('UNLINK', KEYS[1]) end
else
  for _, digest in ipairs(members) do take(digest) end
end
for i = 5, #ARGV do take(ARGV[i]) end
if ending and #digests > 0 then tell(KEYS[1], 'idx', 'everyone') end

local live = 0
for _, digest in ipairs(digests) do
  local header = redis.pcall('GETRANGE', ARGV[1] .. digest, 0, 62)
  if type(header) == 'string' and header ~= '' and (tonumber(string.sub(header, 41, 53)) or 0) >= generation then
    live = live + 1
  end
  if ending then
    redis.call('UNLINK', ARGV[1] .. digest)
    if not corrupt then redis.call('ZREM', KEYS[1], digest) end
  end
end
if corrupt or not ending then return {live, 0} end
local left = redis.call('ZCARD', KEYS[1])
if keep ~= '' and redis.call('ZSCORE', KEYS[1], keep) then left = left - 1 end
return {live, left}
