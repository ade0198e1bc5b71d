import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { EmailTakenError, type NewUser } from './auth/index.js';
import { createFirstAdmin, randomPassword, type FirstAdminOptions } from './first-admin.js';
import type { SessionPrincipal } from './session/index.js';

describe('createFirstAdmin', () => {
  let dataDir: string;
  let created: NewUser[];
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'latchkey-admin-'));
    created = [];
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));

  const options = (admins: number, terminal: boolean): FirstAdminOptions => ({
    users: {
      countAdmins: () => Promise.resolve(admins),
      create: (user) => {
        created.push(user);
        return Promise.resolve({} as SessionPrincipal);
      },
    },
    hasher: { hash: (password) => Promise.resolve(`hash of ${password}`) },
    terminal,
    dataDir,
    databaseUrl: `sqlite:${join(dataDir, 'latchkey.db')}`,
    minLength: 15,
  });

  it('makes an admin with a random password that only the terminal gets to see', async () => {
    const admin = await createFirstAdmin(options(0, true));
    expect(admin).toEqual({
      email: 'admin@example.com',
      password: expect.stringMatching(/^[\w-]{24}$/),
      passwordFile: undefined,
    });
    expect(created).toEqual([
      {
        email: 'admin@example.com',
        displayName: 'Admin',
        passwordHash: `hash of ${admin?.password}`,
        roles: ['admin'],
      },
    ]);
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('writes the password to a file of its owner when nobody sits at a terminal', async () => {
    const admin = await createFirstAdmin(options(0, false));
    expect(admin?.passwordFile).toBe(join(dataDir, 'admin-password'));
    const [password = ''] = readFileSync(join(dataDir, 'admin-password'), 'utf8').split('\n');
    expect(created[0]?.passwordHash).toBe(`hash of ${password}`);
    expect(admin?.password).toBeUndefined();
    expect(statSync(join(dataDir, 'admin-password')).mode & 0o777).toBe(0o600);
  });

  it('gives each database that shares a data directory a file of its own', async () => {
    const { passwordFile: own } = (await createFirstAdmin(options(0, false))) ?? {};
    const before = readFileSync(String(own), 'utf8');
    const elsewhere = { ...options(0, false), databaseUrl: 'postgres://ada:a-secret@db/latchkey' };
    const { passwordFile: other } = (await createFirstAdmin(elsewhere)) ?? {};
    expect(other).toMatch(/admin-password-[0-9a-f]{8}$/);
    expect(readFileSync(String(own), 'utf8')).toBe(before);
    expect(
      await createFirstAdmin({ ...elsewhere, ...options(1, false), databaseUrl: 'sqlite:/a.db' }),
    ).toBeNull();
  });

  it('says on a later start where the password is, as long as the file is there', async () => {
    const { passwordFile } = (await createFirstAdmin(options(0, false))) ?? {};
    const later = { email: 'admin@example.com', password: undefined, passwordFile };
    expect(await createFirstAdmin(options(1, true))).toEqual(later);
    rmSync(String(passwordFile));
    expect(await createFirstAdmin(options(1, true))).toBeNull();
  });

  it('leaves no file of an account that was gone when the terminal shows a new one', async () => {
    await createFirstAdmin(options(0, false));
    await createFirstAdmin(options(0, true));
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('does nothing when there is an admin, or the e-mail belongs to somebody', async () => {
    expect(await createFirstAdmin(options(1, true))).toBeNull();
    expect(created).toEqual([]);
    const taken = {
      ...options(0, false),
      users: { countAdmins: () => Promise.resolve(0), create: () => Promise.reject(new EmailTakenError()) },
    };
    expect(await createFirstAdmin(taken)).toBeNull();
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('hides no other failure', async () => {
    const failing = {
      ...options(0, true),
      users: { countAdmins: () => Promise.resolve(0), create: () => Promise.reject(new Error('disk full')) },
    };
    await expect(createFirstAdmin(failing)).rejects.toThrow('disk full');
  });
});

describe('randomPassword', () => {
  it('is as long as the policy asks, and never short', () => {
    expect(randomPassword(8)).toHaveLength(24);
    expect(randomPassword(64).length).toBeGreaterThanOrEqual(64);
    expect(randomPassword(15)).not.toBe(randomPassword(15));
  });
});
