import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';

/**
 * Sees every command that clients send to any of some servers, as event `monitor` with time, words and the client's
 * address (`lua` for those that a script runs). Not what sentinels ask, nor how clients of a cluster find their way.
 */
export interface RedisMonitor extends EventEmitter<{
  monitor: [time: string, args: string[], source: string];
}> {
  /** Resolves when everything has been seen that was sent before. */
  caughtUp(): Promise<void>;
  /** Ends it. */
  disconnect(): void;
}

/**
 * Whether a command is sent whatever is done: who ends everybody's sessions, every five seconds, and the mark in its journal,
 * a second after a revocation.
 */
export function isUnasked(words: readonly string[]): boolean {
  return /^(get \S*\{everyone\}:current$|set \S*journal:\d+ )/i.test(words.join(' '));
}

/** @param open makes a new client of one server, for each of them */
export async function monitorOf(open: (() => Redis)[]): Promise<RedisMonitor> {
  const seen = new EventEmitter<{ monitor: [string, string[], string] }>();
  const streams = await Promise.all(
    open.map(async (connect) => {
      const sender = connect();
      const sentinels = await addressesOfSentinels(sender);
      const stream = await startMonitor(connect);
      stream.on('error', () => undefined);
      stream.on('monitor', (time: string, args: string[], source: string) => {
        const [name = '', text] = args;
        const mark = name === 'echo' && text !== undefined && stream.emit(text);
        if (!mark && name.toLowerCase() !== 'cluster' && !sentinels.has(source))
          seen.emit('monitor', time, args, source);
      });
      return { sender, stream };
    }),
  );
  return Object.assign(seen, {
    async caughtUp() {
      await Promise.all(
        streams.map(async ({ sender, stream }) => {
          const text = randomUUID();
          const shown = new Promise<void>((resolve) => stream.once(text, resolve));
          await sender.echo(text);
          await shown;
        }),
      );
    },
    disconnect() {
      for (const { sender, stream } of streams) {
        sender.disconnect();
        stream.disconnect();
      }
    },
  });
}

/** ioredis breaks off when another client's command is seen before it knows that it is a monitor: then once more. */
async function startMonitor(connect: () => Redis): Promise<Redis> {
  for (;;) {
    try {
      return await connect().monitor();
    } catch (error) {
      if (!(error as Error).message.startsWith('Command queue state error')) throw error;
    }
  }
}

async function addressesOfSentinels(server: Redis): Promise<Set<string>> {
  const clients = String(await server.client('LIST')).split('\n');
  return new Set(
    clients.filter((line) => / name=sentinel-/.test(line)).map((line) => / addr=(\S+)/.exec(line)?.[1] ?? ''),
  );
}
