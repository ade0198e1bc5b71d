import { FIELDS } from './env.schema.js';

const KNOWN = Object.keys(FIELDS);

// How names begin that are nobody else's.
const OURS =
  /^(SESSION|THROTTLE|MIGRATE|ARGON2|PASSWORD|REVOCATION|METRICS|REDIS|SHUTDOWN|TOUCH|REAUTH|TRUSTED|ALLOWED|CONFIRM|SMTP)_/;
// What Kubernetes and Docker put into every container for a service named redis, desktops for their session manager, and
// the password store `pass` for itself.
const OTHERS = /_SERVICE_(HOST|PORT)(_|$)|_PORT(_\d+_(TCP|UDP)(_|$)|$)|^SESSION_MANAGER$|^PASSWORD_STORE_/;
// One slip of the finger, or two letters exchanged.
const MOST_EDITS = 2;

/** A variable that looks like a setting and is none. */
export interface UnknownSetting {
  name: string;
  /** The setting that may have been meant. */
  nearest: string;
}

/**
 * Variables that nobody reads although they look like settings: by how they begin, or since they are a letter or two off.
 * A misspelt limit is no limit, and nobody would notice.
 */
export function unknownSettings(source: Readonly<Record<string, string | undefined>>): UnknownSetting[] {
  return Object.keys(source)
    .filter((name) => source[name] !== undefined && !(name in FIELDS) && !OTHERS.test(name))
    .flatMap((name) => {
      const [nearest, edits] = nearestTo(name);
      return OURS.test(name) || edits <= MOST_EDITS ? [{ name, nearest }] : [];
    });
}

/** What to say of one. */
export function describeUnknown({ nearest }: UnknownSetting): string {
  return `is no setting; is ${nearest} meant?`;
}

function nearestTo(name: string): [nearest: string, edits: number] {
  let best: [string, number] = ['', Infinity];
  for (const known of KNOWN) {
    // Short names such as PORT are near to everything.
    if (known.length < 8) continue;
    const edits = editsBetween(name, known);
    if (edits < best[1]) best = [known, edits];
  }
  return best;
}

/** How many letters have to be added, taken out or replaced (Levenshtein). */
function editsBetween(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    previous = row;
  }
  return previous[b.length] as number;
}
