import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type SessionPrincipal, UserStore } from 'latchkey';

const digestOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** The programs that may use this API, in memory: an id and the digest of the key's secret half. */
@Injectable()
export class Programs extends UserStore {
  private readonly digests = new Map<string, Buffer>();

  /** A new key in place of the one before: `<id>.<secret>`, of which only a digest is kept. */
  issueKey(id: string): string {
    const secret = randomBytes(24).toString('base64url');
    this.digests.set(id, digestOf(secret));
    return `${id}.${secret}`;
  }

  /** The program of this id, if that is the secret of its key. */
  async findByKey(id: string, secret: string): Promise<SessionPrincipal | null> {
    const digest = this.digests.get(id);
    if (!digest || !timingSafeEqual(digest, digestOf(secret))) return null;
    const email = `${id}@programs.example.com`;
    return { id, email, displayName: id, roles: [], disabled: false, createdAt: '2026-01-01T00:00:00.000Z' };
  }

  // Nobody here has a password, so there is nothing to find, to create or to change by one.
  findByEmail = async () => null;
  findCredentials = async () => null;
  rehash = async () => undefined;
  create = () => Promise.reject(new Error('Programs do not register.'));
  changePassword = () => Promise.reject(new Error('Programs have no passwords.'));
}
