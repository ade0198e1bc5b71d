import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PwnedPasswordsRange } from './pwned-passwords-range.js';

const PASSWORD = 'un caf\u00e9 au lait froid';
const DIGEST = createHash('sha1').update(PASSWORD).digest('hex').toUpperCase();
const SUFFIX = DIGEST.slice(5);
const OTHERS = Array.from(
  { length: 900 },
  (_, i) => `${createHash('sha1').update(String(i)).digest('hex').toUpperCase().slice(5)}:${i}`,
);

describe('PwnedPasswordsRange', () => {
  let server: Server;
  let answer: (res: ServerResponse) => void;
  let url: string;
  const requests: IncomingMessage[] = [];

  beforeAll(async () => {
    server = createServer((req, res) => {
      requests.push(req);
      answer(res);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/copy`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  afterEach(() => void requests.splice(0));

  const ask = (signal = new AbortController().signal) =>
    new PwnedPasswordsRange({ url }).isBreached(PASSWORD, signal);

  it('sends five digits of the digest and nothing else, and asks for padding', async () => {
    answer = (res) => res.end([...OTHERS, `${SUFFIX}:3`].join('\r\n'));
    expect(await ask()).toBe(true);
    const [req] = requests;
    expect([req?.method, req?.url]).toEqual(['GET', `/copy/range/${DIGEST.slice(0, 5)}`]);
    expect(req?.headers['add-padding']).toBe('true');
    expect(JSON.stringify(req?.headers)).not.toContain(SUFFIX);
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['is not there', OTHERS],
    ['is padding', [...OTHERS, `${SUFFIX}:0`]],
    ['is longer than the digest', [`${SUFFIX}0:7`]],
    ['is the beginning of the digest', [`${SUFFIX.slice(0, -1)}:7`]],
  ])('says no when the line %s', async (_, lines) => {
    answer = (res) => res.end(lines.join('\n'));
    expect(await ask()).toBe(false);
  });

  it.each<[string, (res: ServerResponse) => void]>([
    ['another status', (res) => res.writeHead(503).end(`${SUFFIX}:3`)],
    ['a redirect', (res) => res.writeHead(302, { location: '/copy/range/00000' }).end()],
    ['an answer without end', (res) => void (res.write('x'.repeat(300_000)), res.write('x'.repeat(300_000)))],
    ['half an answer', (res) => void res.write(OTHERS.join('\n'), () => res.destroy())],
  ])('rejects on %s', async (_, misbehave) => {
    answer = misbehave;
    await expect(ask()).rejects.toThrow();
    expect(requests).toHaveLength(1);
  });

  it('gives up when it is told to', async () => {
    answer = () => undefined;
    const deadline = new AbortController();
    const asked = ask(deadline.signal);
    deadline.abort();
    await expect(asked).rejects.toThrow();
  });

  it('asks Have I Been Pwned unless it is told another place', () => {
    expect(JSON.stringify(new PwnedPasswordsRange())).toContain('https://api.pwnedpasswords.com/');
  });
});
