/**
 * Taken before a user's credentials are read; the session is created only if nothing revoked the user's sessions in
 * between (guarantee G2). Good for 15 minutes.
 */
export interface LoginTicket {
  readonly userId: string;
  readonly tag: string;
  readonly generation: number;
  readonly epoch: string;
  readonly takenAtMs: number;
}
