import { describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';

import { EventStream } from './event-stream.js';

const BEAT_MS = 14_000;

/** An answer that keeps what is written. */
function answer() {
  const written: string[] = [];
  const state = { writableLength: 0, isEnded: false, isDestroyed: false };
  const res = Object.assign(new EventEmitter(), {
    setHeader: () => undefined,
    write: (text: string) => written.push(text),
    end: () => (state.isEnded = true),
    destroy: () => (state.isDestroyed = true),
  });
  Object.defineProperty(res, 'writableLength', { get: () => state.writableLength });
  return { res: res as unknown as ServerResponse, written, state };
}

describe('EventStream', () => {
  it('writes events as the standard has them', () => {
    const { res, written } = answer();
    const stream = new EventStream(res);
    stream.send('trail', { text: 'two\nlines' }, 'id-1');
    stream.send('ready', {});
    expect(written).toEqual([
      'retry: 1000\n\n',
      'event: trail\nid: id-1\ndata: {"text":"two\\nlines"}\n\n',
      'event: ready\ndata: {}\n\n',
    ]);
  });

  it('shows that it lives when nothing was sent for a while, and only then', () => {
    const { res, written } = answer();
    const stream = new EventStream(res);
    const nowMs = performance.now();
    stream.beat(nowMs + BEAT_MS - 2_000, BEAT_MS);
    expect(written).toHaveLength(1);
    stream.beat(nowMs + BEAT_MS + 1, BEAT_MS);
    expect(written.at(-1)).toBe(':\n\n');
  });

  it('cuts off who does not read, and writes nothing more', () => {
    const { res, written, state } = answer();
    const stream = new EventStream(res);
    state.writableLength = 65_536;
    stream.send('ready', {});
    expect(state.isDestroyed).toBe(false);
    state.writableLength = 65_537;
    stream.send('ready', {});
    expect(state.isDestroyed).toBe(true);
    const { length } = written;
    stream.send('ready', {});
    stream.beat(Infinity, BEAT_MS);
    stream.end();
    expect([written.length, state.isEnded]).toEqual([length, false]);
  });

  it('ends once, and says when to come back', () => {
    const { res, written, state } = answer();
    const stream = new EventStream(res);
    stream.end(1_234.5);
    stream.end(9);
    stream.send('ready', {});
    expect([written.at(-1), state.isEnded]).toEqual(['retry: 1235\n\n', true]);
  });
});
