// The package from CommonJS, where Node can require() an ES module.
const assert = require('node:assert/strict');
const { AuthModule, RedisSessionStore, SessionModule, SessionService } = require('latchkey');

for (const exported of [AuthModule, RedisSessionStore, SessionModule, SessionService]) {
  assert.equal(typeof exported, 'function');
}
