#!lua flags=allow-oom
-- Takes a one-time token: of several that come at once, exactly one gets it. A wrong token leaves the right one where it is.
--
-- KEYS  1 the token's slot
-- ARGV  1 digest of the token, 43 characters
-- Returns the payload; nil when the slot holds no token of this digest.
local stored = redis.call('GET', KEYS[1])
if not stored or string.sub(stored, 1, 43) ~= ARGV[1] then return false end
redis.call('DEL', KEYS[1])
return string.sub(stored, 44)
