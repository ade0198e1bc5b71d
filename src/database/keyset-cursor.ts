/** Where a page ended: the time and the id of its last row, which together are unique and ordered. */
export interface KeysetPosition {
  /** ms since the epoch */
  at: number;
  id: string;
}

/** A position as clients get it: opaque, and good for the same list only. */
export function encodeCursor({ at, id }: KeysetPosition): string {
  return Buffer.from(`${at}.${id}`).toString('base64url');
}

/** Reads what {@link encodeCursor} wrote; null when it is anything else. */
export function decodeCursor(cursor: string): KeysetPosition | null {
  const [, at, id] =
    /^(\d{1,15})\.([A-Za-z0-9_-]{1,64})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  return at === undefined || id === undefined ? null : { at: Number(at), id };
}
