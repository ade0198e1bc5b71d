import { UseFilters } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { SocketSession } from 'latchkey';
import { ConnectedSession, WsProblemFilter } from 'latchkey/ws';

/** What the session of a player holds. */
interface Position {
  x?: number;
  y?: number;
}

/** Every connection here has a live session, and is closed when that ends. */
@UseFilters(new WsProblemFilter()) // what is thrown here is answered with its code, such as SESSION_STORE_UNAVAILABLE
@WebSocketGateway({ path: '/play', maxPayload: 1_024 })
export class GameGateway {
  @SubscribeMessage('move')
  async move(@ConnectedSession() session: SocketSession, @MessageBody() to?: { dx?: unknown; dy?: unknown }) {
    const [dx, dy] = [Math.sign(Number(to?.dx) || 0), Math.sign(Number(to?.dy) || 0)];
    // Runs again on what is stored whenever another tab, or another node, was faster: no step is lost.
    const { x, y }: Position = await session.update((at: Position) => {
      at.x = (at.x ?? 0) + dx;
      at.y = (at.y ?? 0) + dy;
    });
    return { event: 'moved', data: { player: session.principal.displayName, x, y } };
  }

  @SubscribeMessage('look')
  async look(@ConnectedSession() session: SocketSession) {
    const { x = 0, y = 0 }: Position = await session.read();
    return { event: 'here', data: { x, y } };
  }
}
