import { afterEach, describe, expect, it } from '@jest/globals';
import { Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { listen } from './listen.js';

@Module({})
class EmptyModule {}

describe('listen', () => {
  let taken: Server;
  let app: INestApplication;
  afterEach(async () => {
    await app.close();
    taken.close();
  });

  const occupy = async (): Promise<number> => {
    taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    app = await NestFactory.create(EmptyModule, { logger: false });
    return (taken.address() as AddressInfo).port;
  };

  it('takes the next free port in development when nobody asked for one', async () => {
    const port = await occupy();
    const settings = { host: '127.0.0.1', port, portIsDefault: true, production: false };
    const { url, takenPort } = await listen(app, settings);
    expect(takenPort).toBe(port);
    expect(Number(new URL(url).port)).toBeGreaterThan(port);
    expect((await fetch(url)).status).toBe(404);
  });

  it.each([
    ['was asked for', { portIsDefault: false, production: false }, 'set as PORT'],
    ['is of a production', { portIsDefault: true, production: true }, 'the default of PORT'],
  ])('fails when the port is taken and %s, and says what to set', async (_, settings, source) => {
    const port = await occupy();
    await expect(listen(app, { host: '127.0.0.1', port, ...settings })).rejects.toThrow(
      `Port ${port} of 127.0.0.1 (${source}) is taken by another program. End that one, or set PORT to a free port.`,
    );
  });

  it('names an address that a browser on this machine can open', async () => {
    await occupy();
    const { url, takenPort } = await listen(app, {
      host: '0.0.0.0',
      port: 0,
      portIsDefault: false,
      production: false,
    });
    expect(takenPort).toBeUndefined();
    expect(url).toMatch(/^http:\/\/localhost:\d+$/);
  });
});
