-- Tells whoever keeps connections open that something changed for a user's sessions, so that he looks, and what that was. In
-- the script that changed it, so that nobody hears of it too early, and nobody's crash keeps it from being heard. The
-- message is the tag, what happened, and the digests that it happened to (none: all), with a blank between them. pcall: a
-- user who may not publish must be able to revoke.
local function tell(key, kind, ...)
  local prefix, tag = string.match(key, '^(.*)' .. kind .. ':{([^{}]*)}$')
  if prefix then redis.pcall('PUBLISH', prefix .. 'ended', table.concat({tag, ...}, ' ')) end
end
