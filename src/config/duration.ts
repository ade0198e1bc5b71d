const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

// Ten years. Beyond that a setting is a slip of the keyboard, not a lifetime.
const MAX_MS = 3_650 * UNITS_MS.d;

/** `500ms`, `30s`, `15m`, `12h` or `14d` in milliseconds; null for anything else, for zero and for more than ten years. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text);
  if (match === null) return null;
  const ms = Number(match[1]) * UNITS_MS[match[2] as keyof typeof UNITS_MS];
  return ms > 0 && ms <= MAX_MS ? ms : null;
}

/** Milliseconds as a setting would be written, in the largest unit that is exact: `1800000` is `30m`. */
export function formatDuration(ms: number): string {
  const units = Object.entries(UNITS_MS).reverse();
  const [unit, size] = units.find(([, unitMs]) => ms % unitMs === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}
