import { describe, expect, it } from '@jest/globals';
import { resolve } from 'node:path';
import { DatabaseUrlError, parseDatabaseUrl } from './database.url.js';

describe('parseDatabaseUrl', () => {
  it.each([undefined, ''])('takes a file in the data directory when the URL is %p', (url) => {
    expect(parseDatabaseUrl(url, '/var/lib/app')).toEqual({
      kind: 'sqlite',
      path: '/var/lib/app/latchkey.db',
    });
    expect(parseDatabaseUrl(url)).toEqual({ kind: 'sqlite', path: resolve('.data/latchkey.db') });
  });

  it.each([
    ['sqlite:users.db', resolve('users.db')],
    ['sqlite:/srv/users.db', '/srv/users.db'],
    ['sqlite:///srv/users.db', '/srv/users.db'],
    ['sqlite::memory:', ':memory:'],
  ])('reads %s', (url, path) => {
    expect(parseDatabaseUrl(url)).toEqual({ kind: 'sqlite', path });
  });

  it.each([
    'postgres://u:p@host/db',
    'postgresql://u@host/db?sslmode=verify-full',
    'postgres://u@localhost/db?host=%2Frun',
  ])('reads %s', (url) => {
    expect(parseDatabaseUrl(url)).toEqual({ kind: 'postgres', url });
  });

  it.each([
    'mysql://u:secret@host/db',
    'sqlite:',
    'sqlite://host/secret.db',
    'postgres:secret',
    'postgres://:secret@:x',
    '/srv/secret.db',
  ])('refuses %s without repeating it', (url) => {
    const parse = (): unknown => parseDatabaseUrl(url);
    expect(parse).toThrow(DatabaseUrlError);
    expect(parse).not.toThrow(/secret/);
  });
});
