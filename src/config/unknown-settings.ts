import { editsBetween } from '../options/index.js';
import { FIELDS } from './env.schema.js';

const KNOWN = Object.keys(FIELDS);

// How names begin that are nobody else's. REDIS_, SMTP_, PASSWORD_ and the like are also other programs', and platforms'.
const OURS = /^(SESSION|THROTTLE|MIGRATE|ARGON2|REVOCATION|METRICS|SHUTDOWN|TOUCH|REAUTH)_/;
// What Kubernetes and Docker put into every container for a service named session or metrics, and desktops for their
// session manager.
const OTHERS = /_SERVICE_(HOST|PORT)(_|$)|_PORT(_\d+_(TCP|UDP)(_|$)|$)|^SESSION_MANAGER$/;
// One slip of the finger, or two letters exchanged.
const MOST_EDITS = 2;

/** A variable that looks like a setting and is none. */
export interface UnknownSetting {
  name: string;
  /** The setting that may have been meant. */
  nearest: string;
  /** Whether that is a letter or two off and not set itself, so that what was wanted is not in force. */
  misspelt: boolean;
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
      const near = edits <= MOST_EDITS && editsBetween(firstWord(name), firstWord(nearest)) <= 1;
      return near || OURS.test(name) ? [{ name, nearest, misspelt: near && !source[nearest] }] : [];
    });
}

const firstWord = (name: string): string => name.split('_', 1)[0] as string;

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
