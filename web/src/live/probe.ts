import { isApiError } from '../api/api-error.js';
import { knock } from '../api/http.js';
import { outageOf, setOutage } from '../state/outage.js';
import { askWho } from '../state/who.js';

/** The stream of one's own sessions, which whoever is logged in may have. */
export const OWN_EVENTS = '/auth/events';

/** What became of a stream: it may be opened, nobody is logged in, the server cannot say, or it is not for this person. */
export type Prospect = 'in' | 'out' | 'away' | 'barred';

/**
 * Asks why a stream has closed: the stream itself, as that is no use of the session. A page would ask for as long as it
 * is open, and keep a session alive that nobody uses.
 *
 * @param barring statuses of answers that will stay the same for this person
 */
export async function probe(url: string, barring: readonly number[] = []): Promise<Prospect> {
  try {
    await knock(url);
    return 'in';
  } catch (error) {
    if (!isApiError(error)) throw error;
    if (error.isLoggedOut) return askWho();
    if (barring.includes(error.status)) return 'barred';
    const away = outageOf(error);
    if (away) setOutage(away);
    return 'away';
  }
}
