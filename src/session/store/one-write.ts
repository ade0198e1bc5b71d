// Not the global one: a test of a host's may have replaced that, and a client would be held for good.
import { setImmediate } from 'node:timers';
import type { Cluster, Redis } from 'ioredis';

/**
 * Lets the commands of one turn of the event loop leave in one write, to each server. A write to a socket costs more than
 * all else about a command, here and in Redis.
 *
 * In place of ioredis's auto-pipelining, which makes a pipeline, a second promise and a second callback for each command,
 * begins no batch while another is under way, and on a Cluster loses commands while a slot moves.
 */
export function shareWrites(client: Redis | Cluster): void {
  if (!client.isCluster) {
    patch(client as Redis);
    return;
  }
  (client as Cluster).nodes().forEach(patch);
  (client as Cluster).on('+node', patch);
}

function patch(node: Redis): void {
  const send = node.sendCommand.bind(node);
  node.sendCommand = (command, pipeline) => {
    // A pipeline writes all of its commands at once.
    if (!pipeline) holdWrites(node.stream);
    return send(command, pipeline);
  };
}

/** @param stream undefined before the first connection */
function holdWrites(stream: Redis['stream'] | undefined): void {
  if (!stream || stream.writableCorked > 0) return;
  stream.cork();
  setImmediate(release, stream);
}

function release(stream: Redis['stream']): void {
  stream.uncork();
}
