import { describe, expect, it } from '@jest/globals';

import { FIELDS } from './env.schema.js';
import { unknownSettings } from './unknown-settings.js';

const found = (...names: string[]) =>
  unknownSettings(Object.fromEntries(names.map((name) => [name, 'x']))).map(({ name, nearest }) => [
    name,
    nearest,
  ]);

describe('unknownSettings', () => {
  it('finds names that begin like settings, with the nearest one', () => {
    expect(
      found('SESSION_LIMITS', 'THROTTLE_NETWORK_FAILURE', 'ARGON2_TIMES', 'REDIS_URI', 'SESSION_WEB_IDEL'),
    ).toEqual([
      ['SESSION_LIMITS', 'SESSION_LIMIT'],
      ['THROTTLE_NETWORK_FAILURE', 'THROTTLE_NETWORK_FAILURES'],
      ['ARGON2_TIMES', 'ARGON2_TIME'],
      ['REDIS_URI', 'REDIS_URL'],
      ['SESSION_WEB_IDEL', 'SESSION_WEB_IDLE'],
    ]);
  });

  it('finds names whose beginning is misspelt', () => {
    expect(found('SESION_LIMIT', 'THROTLE_VISITORS', 'PUBLIC_ULR')).toEqual([
      ['SESION_LIMIT', 'SESSION_LIMIT'],
      ['THROTLE_VISITORS', 'THROTTLE_VISITORS'],
      ['PUBLIC_ULR', 'PUBLIC_URL'],
    ]);
  });

  it('has nothing against settings, and what others put into an environment', () => {
    expect(found(...Object.keys(FIELDS))).toEqual([]);
    const others = 'PATH HOME LANG SHELL TERM USER PWD HOSTNAME TZ CI npm_lifecycle_event XDG_SESSION_ID';
    const kubernetes =
      'REDIS_SERVICE_HOST REDIS_SERVICE_PORT REDIS_PORT REDIS_PORT_6379_TCP REDIS_PORT_6379_TCP_ADDR';
    const desktop =
      'SESSION_MANAGER PASSWORD_STORE_DIR DBUS_SESSION_BUS_ADDRESS POSTGRES_PASSWORD PGPASSWORD';
    const services =
      'REDIS_PASSWORD REDIS_HOST REDIS_VERSION SMTP_HOST SMTP_PASSWORD AMQP_URL FTP_URL HTTP_URL ALLOWED_HOSTS LOGLEVEL';
    const all = [others, kubernetes, desktop, services].flatMap((names) => names.split(' '));
    expect(found(...all)).toEqual([]);
  });

  it('takes for misspelt what is a letter or two off a setting that is not set', () => {
    const misspelt = (...names: string[]) =>
      unknownSettings(Object.fromEntries(names.map((name) => [name, 'x'])))
        .filter((unknown) => unknown.misspelt)
        .map(({ name }) => name);
    expect(misspelt('SESSION_LIMITS', 'SESSION_DRIVER', 'REDIS_URI')).toEqual([
      'SESSION_LIMITS',
      'REDIS_URI',
    ]);
    expect(misspelt('REDIS_URI', 'REDIS_URL')).toEqual([]);
  });
});
