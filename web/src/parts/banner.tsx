import { outage } from '../state/outage.js';
import { who } from '../state/who.js';

const TEXTS = {
  store: 'The server cannot reach its session store.',
  database: 'The server cannot reach its database.',
  server: 'The server cannot be reached.',
};

/** Says what is away, for as long as it is. */
export function OutageBanner() {
  const kind = outage.value;
  return (
    <div role="alert">
      {kind && (
        <p class="banner">
          <b>Interrupted.</b> {TEXTS[kind]}{' '}
          {who.value.is === 'in' && 'You are still logged in; what you see may be out of date. '}
          This page goes on by itself as soon as it can.
        </p>
      )}
    </div>
  );
}
