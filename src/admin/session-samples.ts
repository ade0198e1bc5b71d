/** How many sessions were live at some moment. */
export interface SessionSample {
  /** Beginning of the quarter of an hour that it was taken in, ms since the epoch. */
  atMs: number;
  liveSessions: number;
}

/** Port: samples of how many sessions are live, one for each quarter of an hour, of all nodes together. */
export abstract class SessionSamples {
  /**
   * Says that the caller is about to take the sample of that quarter.
   * @returns false when it was taken, or somebody is at it
   */
  abstract claim(atMs: number): Promise<boolean>;

  /** Keeps a sample that was claimed; null: it could not be taken, and somebody else may. */
  abstract settle(atMs: number, liveSessions: number | null): Promise<void>;

  /** Samples of this quarter and later, oldest first. */
  abstract list(fromMs: number): Promise<SessionSample[]>;

  /** Forgets those from before that. */
  abstract deleteBefore(beforeMs: number): Promise<void>;
}
