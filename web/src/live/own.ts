import { effect } from '@preact/signals';
import { endedReason } from '../api/ended-text.js';
import { whenAttended } from '../state/attention.js';
import { askAgain, askSessionsAgain } from '../state/freshness.js';
import { setOutage, setRecovered } from '../state/outage.js';
import { askWho, rotated, setLoggedOut, who } from '../state/who.js';
import { resumeDelayMs } from './backoff.js';
import { OWN_EVENTS, type Prospect, probe } from './probe.js';
import { listen, type LiveMessage, reasonOf } from './stream.js';
import { hearTabs, inOneTab, tellTabs } from './tabs.js';

// When a call hears first that the session is over, the stream is about to say why.
const LAST_WORDS_MS = 2_000;

/** Follows `GET /auth/events` while somebody is logged in, in one tab for all. */
export function followOwnEvents(): void {
  let stop: (() => void) | undefined;
  let lastWords: ReturnType<typeof setTimeout> | undefined;
  let following = false;
  hearTabs(handle);
  effect(() => {
    const isIn = who.value.is === 'in';
    if (isIn === following) return;
    following = isIn;
    clearTimeout(lastWords);
    if (isIn) {
      stop?.();
      stop = inOneTab(openStream);
    } else {
      lastWords = setTimeout(() => stop?.(), LAST_WORDS_MS);
    }
  });
}

let resuming: ReturnType<typeof setTimeout> | undefined;

/** What a message of either stream means for all of the page. */
export function handle(message: LiveMessage): void {
  switch (message.name) {
    case 'resumed':
      resuming ??= setTimeout(() => handle({ name: 'ready', data: {} }), resumeDelayMs(Math.random()));
      return;
    case 'ready':
      stopResuming();
      setRecovered();
      // A role may have changed between the page's first question and the stream's beginning.
      whenAttended('who', () => void askWho());
      return askAgain();
    case 'sessions':
      return askSessionsAgain();
    case 'principal':
      return whenAttended('who', () => void askWho());
    case 'who':
      return void askWho();
    case 'unavailable':
      stopResuming();
      return setOutage('store');
    case 'ended':
      stopResuming();
      setLoggedOut(endedReason(reasonOf(message)));
      // Another tab may have logged in since.
      return void askWho();
  }
}

/** A stream has closed: what now? The other tabs hear when nobody is logged in. @see probe */
export async function prospectOf(url: string, barring?: readonly number[]): Promise<Prospect> {
  const prospect = await probe(url, barring);
  if (prospect === 'out') tellTabs({ name: 'who', data: {} });
  return prospect;
}

function stopResuming(): void {
  clearTimeout(resuming);
  resuming = undefined;
}

function openStream(): () => void {
  return listen({
    url: OWN_EVENTS,
    names: ['ready', 'sessions', 'principal', 'ended', 'unavailable'],
    probe: () => prospectOf(OWN_EVENTS),
    settled: rotated,
    onMessage(message) {
      handle(message);
      tellTabs(message);
    },
  });
}
