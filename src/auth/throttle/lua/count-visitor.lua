#!lua
-- Counts one new anonymous session of an address and of its network, unless either has as many as it may have.
-- What is refused is not counted, so nobody can use up the share of his neighbours.
--
-- KEYS  1 counter of the address   2 counter of the network
-- ARGV  1 most of an address   2 most of a network   3 length of the window, ms
-- Returns {which counter refuses: 1, 2 or 0 for none, ms left of its window}
for i = 1, 2 do
  if tonumber(redis.call('GET', KEYS[i]) or '0') >= tonumber(ARGV[i]) then
    local left = redis.call('PTTL', KEYS[i])
    if left >= 0 then return {i, left} end
    -- Without an end it would keep somebody out for good.
    redis.call('UNLINK', KEYS[i])
  end
end
for i = 1, 2 do
  redis.call('INCR', KEYS[i])
  if redis.call('PTTL', KEYS[i]) < 0 then redis.call('PEXPIRE', KEYS[i], ARGV[3]) end
end
return {0, 0}
