import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { SocketSession } from '../session/index.js';
import { socketSessionOf } from './socket-session-of.js';

/** The session of the connection that a message came by, a `SocketSession`, in gateways under SessionWsAdapter. */
export const ConnectedSession = createParamDecorator(
  (_: unknown, context: ExecutionContext): SocketSession | undefined =>
    socketSessionOf(context.switchToWs().getClient<object>()),
);
