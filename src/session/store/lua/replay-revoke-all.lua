#!lua flags=allow-oom
-- Repeats a revoke-all that this Redis has lost. May be repeated; a younger generation, and sessions of it, stay.
--
-- KEYS  1 generation of the user
-- ARGV  1 prefix of this user's session records   2 generation that it was raised to   3 digest that was kept ('' for none)
--       4 TTL of the generation, ms
-- Returns 1 when it was lost, 0 when not.
-- Afterwards no session of an older generation is accepted, but for the one that was kept.
--- @include header
--- @include ended
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
local generation = tonumber(ARGV[2])
if before >= generation then return 0 end
redis.call('SET', KEYS[1], string.format('%.0f', generation), 'PX', ARGV[4])
if ARGV[3] ~= '' then
  local key = ARGV[1] .. ARGV[3]
  local header = headerOf(key)
  if header ~= '' and tonumber(string.sub(header, 41, 53)) >= before then
    local revision = tonumber(string.sub(header, 54, 63)) + 1
    redis.call('SETRANGE', key, 40, string.format('%013.0f%010.0f', generation, revision))
  end
end
tell(KEYS[1], 'gen', 'unknown')
return 1
