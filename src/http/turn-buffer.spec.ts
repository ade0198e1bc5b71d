import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { TurnBuffer } from './turn-buffer.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('TurnBuffer', () => {
  const exitListeners = process.listeners('exit');
  afterEach(() => {
    for (const listener of process.listeners('exit'))
      if (!exitListeners.includes(listener)) process.removeListener('exit', listener);
  });

  const sink = () => ({ write: jest.fn<(lines: string) => void>(), flushSync: jest.fn() });

  it('hands on what is logged in one turn in one piece, in its order', async () => {
    const to = sink();
    const buffer = new TurnBuffer(to);
    buffer.write('one\n');
    buffer.write('two\n');
    expect(to.write).not.toHaveBeenCalled();
    await turn();
    buffer.write('three\n');
    await turn();
    expect(to.write.mock.calls).toEqual([['one\ntwo\n'], ['three\n']]);
  });

  it('keeps nothing back after a fatal line', async () => {
    const to = sink();
    const buffer = new TurnBuffer(to);
    buffer.write('fatal\n');
    buffer.flushSync();
    expect(to.write.mock.calls).toEqual([['fatal\n']]);
    expect(to.flushSync).toHaveBeenCalledTimes(1);
    await turn();
    expect(to.write).toHaveBeenCalledTimes(1);
  });

  it('keeps nothing back at the end of the process, nor what is logged after that', () => {
    const to = sink();
    const buffer = new TurnBuffer(to);
    buffer.write('last words\n');
    const [ours] = process.listeners('exit').filter((listener) => !exitListeners.includes(listener));
    ours?.call(process, 0);
    buffer.write('one more\n');
    expect(to.write.mock.calls).toEqual([['last words\n'], ['one more\n']]);
    expect(to.flushSync).toHaveBeenCalledTimes(2);
  });
});
