-- What scripts may rely on of a record: its header, all 63 bytes of the format that this program writes. '' when there
-- is none: no record, one that nobody can read, or another type of value, which must not make a login or a revocation
-- fail. The second result says that a newer program wrote it; what is in it is that one's business.
local function headerIn(value)
  if type(value) == 'table' and not string.find(value.err or '', 'WRONGTYPE', 1, true) then error(value) end
  if type(value) ~= 'string' then return '', false end
  local header = string.sub(value, 1, 63)
  if #header == 63 and string.find(header, '^[1M]%d+$') then return header, false end
  return '', string.find(header, '^[2-9]') ~= nil
end
local function headerOf(key)
  return headerIn(redis.pcall('GETRANGE', key, 0, 62))
end
