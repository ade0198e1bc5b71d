import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const ANSWERS = Symbol('latchkey.answers');

const ofServers = new WeakMap<Server, AnswersUnderWay>();

type Connection = Socket & { [ANSWERS]?: ServerResponse[] };

/**
 * Keeps count of the answers of a server that are under way, by connection.
 *
 * Not in one Set of all of them: a Set that is added to and deleted from all the time is copied into another table now and
 * then, V8's old table goes on pointing to the new one, and once one of them has reached the old space each keeps the next
 * alive, with every request in it, until the next full collection: a third of all CPU time.
 */
export class AnswersUnderWay {
  /** Hears of each answer that is over. */
  onEnd: () => void = () => undefined;

  private readonly connections = new Set<Connection>();

  private constructor(server: Server) {
    server.prependListener('request', (req: IncomingMessage, res: ServerResponse) => {
      const answers = this.ofConnection(req.socket);
      answers.push(res);
      res.on('close', () => {
        answers.splice(answers.indexOf(res), 1);
        this.onEnd();
      });
    });
  }

  /** Begins to count at the first call for a server, which is to come before it listens. */
  static at(server: Server): AnswersUnderWay {
    const known = ofServers.get(server);
    if (known) return known;
    const made = new AnswersUnderWay(server);
    ofServers.set(server, made);
    return made;
  }

  /** Those of one connection: several, when a client has not waited for the first. */
  of(connection: object): readonly ServerResponse[] {
    return (connection as Connection)[ANSWERS] ?? [];
  }

  all(): ServerResponse[] {
    return [...this.connections].flatMap((connection) => this.of(connection));
  }

  private ofConnection(connection: Connection): ServerResponse[] {
    const known = connection[ANSWERS];
    if (known) return known;
    this.connections.add(connection);
    connection.once('close', () => this.connections.delete(connection));
    return (connection[ANSWERS] = []);
  }
}
