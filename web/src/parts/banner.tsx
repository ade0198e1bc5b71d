import { outage } from '../state/outage.js';

const TEXTS = {
  store:
    'The server cannot reach its session store. You are still logged in; what you see may be out of date.',
  database: 'The server cannot reach its database. What you see may be out of date.',
  server: 'The server cannot be reached. What you see may be out of date.',
};

/** Says what is away, for as long as it is. */
export function OutageBanner() {
  const kind = outage.value;
  return (
    <div role="alert">
      {kind && (
        <p class="banner">
          <b>Interrupted.</b> {TEXTS[kind]} This page goes on by itself as soon as it can.
        </p>
      )}
    </div>
  );
}
