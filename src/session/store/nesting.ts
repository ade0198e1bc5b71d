/**
 * How deep a session's data may be nested. Nobody's own data comes near it, and everything here that walks through data
 * (serialising, copying, merging) does so by recursion.
 */
export const MAX_NESTING = 100;

/** Whether objects and arrays in a value lie within each other more than `limit` levels deep. Itself not recursive. */
export function nestedDeeperThan(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    const below: unknown[] = [];
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      if (depth === limit) return true;
      // One by one: as arguments of one call, a hundred thousand members would be too many.
      for (const member of Object.values(item)) below.push(member);
    }
    level = below;
  }
  return false;
}
