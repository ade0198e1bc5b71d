#!lua flags=allow-oom
-- Notes the progress of an operation that ends everybody's sessions, as long as the caller is the one who runs it.
--
-- KEYS  1 the operation   2 the operation under way   3 the latest operation
-- ARGV  1 runner   2 lease, ms   3 sessions that are about to be ended   4 their keys as JSON ('' leaves what is noted)
--       5 epoch under which every server has been scanned, to end the operation ('' to go on)
-- Returns {state, epoch, key of the record to keep, keys noted before} when the caller runs the operation,
-- false when another node does or it is over.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local op = redis.call('HMGET', KEYS[1], 'state', 'runner', 'lease', 'id', 'epoch', 'keep', 'pending')
if op[1] ~= 'running' then return false end
if op[2] and op[2] ~= ARGV[1] and tonumber(op[3] or '0') > now then return false end
redis.call('HSET', KEYS[1], 'runner', ARGV[1], 'lease', string.format('%.0f', now + tonumber(ARGV[2])))
redis.call('HINCRBY', KEYS[1], 'revoked', ARGV[3])
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'pending', ARGV[4]) end
local state = 'running'
-- Somebody may have called again meanwhile: then there is another scan to do.
if ARGV[5] ~= '' and ARGV[5] == op[5] then
  state = 'done'
  redis.call('HSET', KEYS[1], 'state', state)
  if redis.call('GET', KEYS[2]) == op[4] then redis.call('DEL', KEYS[2]) end
  if redis.call('HGET', KEYS[3], 'operation') == KEYS[1] then
    redis.call('HSET', KEYS[3], 'finished', string.format('%.0f', now))
  end
end
return {state, op[5], op[6], op[7]}
