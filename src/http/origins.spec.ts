import { describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from 'node:http';

import { knownOrigins } from './origins.js';

const arrivedAt = (localPort: number) => ({ socket: { localPort } }) as IncomingMessage;

describe('knownOrigins', () => {
  it('without a public address knows loopback with the port that the request came in at', () => {
    const isKnown = knownOrigins({ publicUrl: undefined, allowedOrigins: ['https://shop.example.com'] });
    for (const origin of [
      'http://localhost:3001',
      'http://127.0.0.1:3001',
      'http://[::1]:3001',
      'https://shop.example.com',
    ]) {
      expect(isKnown(origin, arrivedAt(3001))).toBe(true);
    }
    for (const origin of [
      'http://localhost:3000',
      'http://localhost',
      'https://localhost:3001',
      'null',
      '',
      'http://10.0.0.1:3001',
    ]) {
      expect(isKnown(origin, arrivedAt(3001))).toBe(false);
    }
    expect(isKnown('http://localhost', arrivedAt(80))).toBe(true);
  });

  it('with a public address knows that and what is allowed, and no loopback', () => {
    const isKnown = knownOrigins({
      publicUrl: 'https://api.example.com',
      allowedOrigins: ['https://shop.example.com'],
    });
    expect(isKnown('https://api.example.com', arrivedAt(443))).toBe(true);
    expect(isKnown('https://shop.example.com', arrivedAt(443))).toBe(true);
    expect(isKnown('https://API.example.com', arrivedAt(443))).toBe(false);
    expect(isKnown('https://api.example.com.evil.example', arrivedAt(443))).toBe(false);
    expect(isKnown('http://localhost:443', arrivedAt(443))).toBe(false);
  });
});
