import { createHash, randomBytes } from 'node:crypto';
import type { OneTimeTokenStore } from '../one-time-token-store.js';

/** What each kind of token stands for. */
export interface TokenPayloads {
  /** An account that somebody wants; it is made when the owner of the e-mail sends the token. */
  registration: { email: string; displayName: string | null; passwordHash: string };
  /** Whose password may be set while its hash is the one of this digest; nobody's when `userId` is null. */
  'password-reset': { email: string; userId: string | null; hashDigest: string };
}

export type TokenPurpose = keyof TokenPayloads;

// The selector says where the record is, the secret proves that the mail was read.
const SELECTOR_LENGTH = 22;
const SECRET_BYTES = 24;
const FORM = /^([\w-]{22})\.[\w-]{32}$/;

/**
 * Tokens that work once: 192 bits of the CSPRNG behind a selector. The store sees their SHA-256 only. One password reset
 * lives per e-mail: the next takes its place. Registrations live beside each other, or a stranger who registers the same
 * e-mail a second later would void its owner's mail and leave him only the one with the stranger's password.
 * @see OWASP ASVS 5.0, 6.4.1, 6.4.3 and 11.5.1
 */
export class OneTimeTokens {
  /** @param kept undefined in a host that has said nothing about tokens and needs none */
  constructor(private readonly kept: OneTimeTokenStore | undefined) {}

  /**
   * Makes a token.
   * @param payload.email normalised
   * @returns the token, which exists nowhere else
   */
  async issue<P extends TokenPurpose>(
    purpose: P,
    payload: TokenPayloads[P],
    lifetimeMs: number,
  ): Promise<string> {
    const name = purpose === 'registration' ? randomBytes(SECRET_BYTES).toString('hex') : payload.email;
    const selector = digestOf(`${purpose}\0${name}`).slice(0, SELECTOR_LENGTH);
    const token = `${selector}.${randomBytes(SECRET_BYTES).toString('base64url')}`;
    const record = {
      slot: slotOf(purpose, selector),
      digest: digestOf(token),
      payload: JSON.stringify(payload),
    };
    await this.store.put(record, lifetimeMs);
    return token;
  }

  /** What a live token stands for, or null. The token stays. */
  async find<P extends TokenPurpose>(purpose: P, token: string): Promise<TokenPayloads[P] | null> {
    return this.lookUp('find', purpose, token);
  }

  /** What a live token stands for, or null. It is used up: of several callers at once, exactly one gets it. */
  async take<P extends TokenPurpose>(purpose: P, token: string): Promise<TokenPayloads[P] | null> {
    return this.lookUp('take', purpose, token);
  }

  private get store(): OneTimeTokenStore {
    if (this.kept) return this.kept;
    throw new Error(
      'AuthModule: pass oneTimeTokens: new RedisOneTimeTokenStore({ client }), or a OneTimeTokenStore of your own.',
    );
  }

  private async lookUp<P extends TokenPurpose>(
    act: 'find' | 'take',
    purpose: P,
    token: string,
  ): Promise<TokenPayloads[P] | null> {
    const [, selector] = FORM.exec(token) ?? [];
    if (selector === undefined) return null;
    const payload = await this.store[act](slotOf(purpose, selector), digestOf(token));
    return payload === null ? null : (JSON.parse(payload) as TokenPayloads[P]);
  }
}

function slotOf(purpose: TokenPurpose, selector: string): string {
  return `${purpose}:${selector}`;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
