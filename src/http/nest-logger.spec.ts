import { beforeEach, describe, expect, it } from '@jest/globals';

import { createLogger, NestLogger } from './nest-logger.js';

describe('NestLogger', () => {
  let lines: Record<string, unknown>[];
  const loggerAt = (level: string): NestLogger =>
    new NestLogger(
      createLogger(level, { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) }),
    );
  beforeEach(() => {
    lines = [];
  });

  it('writes one JSON object per call, with level, time and context', () => {
    const logger = loggerAt('trace');
    logger.log('a', 'Users');
    logger.warn('b', 'Users');
    logger.error('c', 'the stack', 'Users');
    logger.debug('d', 'Users');
    logger.verbose('e', 'Users');
    logger.fatal('f');
    expect(lines).toEqual([
      { level: 'info', time: expect.any(String), context: 'Users', msg: 'a' },
      { level: 'warn', time: expect.any(String), context: 'Users', msg: 'b' },
      { level: 'error', time: expect.any(String), context: 'Users', stack: 'the stack', msg: 'c' },
      { level: 'debug', time: expect.any(String), context: 'Users', msg: 'd' },
      { level: 'trace', time: expect.any(String), context: 'Users', msg: 'e' },
      { level: 'fatal', time: expect.any(String), msg: 'f' },
    ]);
    expect(new Date(lines[0]?.['time'] as string).toISOString()).toBe(lines[0]?.['time']);
  });

  it('keeps a line one line of plain characters, whatever is in the text', () => {
    const written: string[] = [];
    const text = '\r\n\u001b[2J\u0085\u009b2J\u2028\u202eZoë';
    new NestLogger(createLogger('info', { write: (line) => void written.push(line) })).log(text, 'Users');
    expect(written).toEqual([expect.stringMatching(/^[\x20-\x7eë]+\n$/)]);
    expect(JSON.parse(written[0] as string)).toMatchObject({ msg: text });
  });

  it('keeps what Nest reports of its start to those who look for a fault', () => {
    loggerAt('info').log('Mapped {/auth/login, POST} route', 'RouterExplorer');
    loggerAt('info').error('copy of a thrown error', 'stack', 'ExceptionHandler');
    expect(lines).toEqual([]);
  });

  it('describes an error without what clients hang on it, and an object as text', () => {
    const logger = loggerAt('info');
    logger.error(Object.assign(new Error('of redis'), { command: { args: ['the-digest'] } }), 'Redis');
    logger.log({ a: 1 }, 'Redis');
    logger.log(undefined, 'Redis');
    expect(lines.map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/^Error: of redis\n/),
      '{"a":1}',
      'undefined',
    ]);
    expect(JSON.stringify(lines)).not.toContain('the-digest');
  });
});
