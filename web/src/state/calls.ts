import { effect, untracked } from '@preact/signals';
import { ready } from '../api/health.js';
import { observe } from '../api/http.js';
import { OWN_EVENTS, probe } from '../live/probe.js';
import { outage, outageOf, probeWith, setOutage } from './outage.js';
import { dropOthersQuestion } from './step-up.js';
import { askWho, isAsking, who } from './who.js';

/** Lets every call tell whether something is away, and whether this session is over. */
export function watchCalls(): void {
  observe((error) => {
    if (!error) return;
    const away = outageOf(error);
    if (away) return setOutage(away);
    // It may be about the cookie before: the session may have got a new id, here or in another tab, while the call was under way.
    if (error.isLoggedOut && who.value.is === 'in' && !isAsking()) void askWho();
  });
  effect(() => {
    if (who.value.is !== 'asking') untracked(dropOthersQuestion);
  });
  probeWith(async () => {
    // Without a session, nothing that can be asked for needs the store.
    if (who.value.is === 'out' && outage.value !== 'server') return ready();
    const answer = who.value.is === 'in' ? await probe(OWN_EVENTS) : await askWho();
    return answer !== 'away';
  });
}
