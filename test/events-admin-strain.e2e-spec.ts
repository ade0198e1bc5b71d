import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { SessionSockets } from '../src/session/index.js';
import { PASSWORD } from './support/app.js';
import { BearerClient } from './support/clients.js';
import { type LiveNodes, startLiveNodes } from './support/live-nodes.js';
import { expectProblem } from './support/problems.js';

describe('GET /admin/live, when much comes together', () => {
  let nodes: LiveNodes;
  beforeAll(async () => {
    nodes = await startLiveNodes({}, { mayBreak: true });
  });
  afterAll(() => nodes.close());
  afterEach(() => nodes.closeStreams());

  it('is not opened for who is demoted while it is', async () => {
    const { id } = await nodes.near.createUser({ email: 'second@example.com', roles: ['admin'] });
    const second = new BearerClient(nodes.near.url);
    await second.login({ email: 'second@example.com', password: PASSWORD });
    const sockets = nodes.near.app.get(SessionSockets, { strict: false });
    const follow = sockets.follow.bind(sockets);
    // Behind the guard.
    jest.spyOn(sockets, 'follow').mockImplementationOnce(async (req) => {
      await nodes.near.admin.patch(`/admin/users/${id}`, { roles: [] });
      return follow(req);
    });
    expectProblem(await second.get('/admin/live'), 'FORBIDDEN');
  });
});
