#!lua flags=allow-oom
-- Deletes a bounded number of records that a revoke-all has already ended.
--
-- KEYS  1 trash: the index as it was when its sessions were ended
-- ARGV  1 prefix of this user's session records   2 most records to delete
-- Returns how many are left.
local popped = redis.call('ZPOPMIN', KEYS[1], ARGV[2])
for i = 1, #popped, 2 do redis.call('UNLINK', ARGV[1] .. popped[i]) end
return redis.call('ZCARD', KEYS[1])
