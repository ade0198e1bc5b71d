import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

// sun_path holds 108 bytes on Linux and 104 on macOS, the terminating zero included.
const MAX_SOCKET_PATH_BYTES = 100;

/**
 * Where the private redis-server of a data directory listens when `REDIS_URL` is unset. A function of the directory
 * alone, so that the start script, the program and the command line find each other; in the temp directory when the
 * path would be too long for a unix socket.
 */
export function privateRedisSocket(dataDir: string): string {
  const directory = resolve(dataDir);
  const socket = join(directory, 'redis', 'redis.sock');
  if (Buffer.byteLength(socket) < MAX_SOCKET_PATH_BYTES) return socket;
  const digest = createHash('sha256').update(directory).digest('hex').slice(0, 12);
  return join(tmpdir(), `latchkey-${digest}`, 'redis.sock');
}
