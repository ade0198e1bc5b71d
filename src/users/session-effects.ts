import type { EndCause, PrincipalUpdate, Revocation } from '../session/index.js';

/** What the users' side needs of `SessionService`. */
export interface SessionEffects {
  /** Makes every open session of the user believe this, unless it believes a higher version already. */
  setPrincipal(userId: string, principal: PrincipalUpdate, version: number): Promise<void>;
  /** Ends every session of the user, and every login that is under way. */
  revokeAll(userId: string, cause: EndCause): Promise<Revocation>;
}
