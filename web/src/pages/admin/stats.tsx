import { useSignal } from '@preact/signals';
import { useId, useRef } from 'preact/hooks';
import * as admin from '../../api/admin.js';
import type { Stats } from '../../api/types.js';
import { useAdminLive } from '../../live/admin.js';
import { Page } from '../../parts/page.js';
import { Loaded } from '../../parts/states.js';
import { whenAttended } from '../../state/attention.js';
import { useResource } from '../../state/resource.js';
import { HistoryPlots } from './history-plots.js';

const SPANS = [
  { hours: 24, text: 'Last 24 hours' },
  { hours: 168, text: 'Last 7 days' },
];

// The figures come with the stream; the plots are asked for, so not with every login.
const REDRAW_MS = 5_000;

/** How many sessions and logins there are, now and over time. */
export function StatsPage() {
  const hours = useSignal(24);
  const stats = useResource((signal) => admin.stats(signal), []);
  const history = useResource((signal) => admin.statsHistory(hours.value, signal), [hours.value]);
  const id = useId();
  const redraw = useRef<ReturnType<typeof setTimeout>>(undefined);
  useAdminLive({
    onStats: (now) => {
      stats.set(() => now);
      redraw.current ??= setTimeout(() => {
        redraw.current = undefined;
        whenAttended('history', history.reload);
      }, REDRAW_MS);
    },
  });
  return (
    <Page title="Statistics" lead="The figures change by themselves.">
      <Loaded resource={stats} what="figures">
        {(now) => <Tiles stats={now} />}
      </Loaded>
      <div class="filters">
        <div class="field">
          <label for={id}>Plots of</label>
          <select id={id} onChange={(event) => (hours.value = Number(event.currentTarget.value))}>
            {SPANS.map((span) => (
              <option key={span.hours} value={span.hours} selected={span.hours === hours.value}>
                {span.text}
              </option>
            ))}
          </select>
        </div>
      </div>
      <Loaded resource={history} what="plots">
        {(known) => <HistoryPlots history={known} />}
      </Loaded>
    </Page>
  );
}

function Tiles({ stats }: { stats: Stats }) {
  const figures: [string, number][] = [
    ['Live sessions', stats.liveSessions],
    ['People logged in', stats.usersWithSessions],
    ['Accounts', stats.users],
    ['Logins in 24\u00a0h', stats.logins],
    ['Failed logins in 24\u00a0h', stats.failedLogins],
    ['Revocations in 24\u00a0h', stats.revocations],
  ];
  return (
    <dl class="tiles">
      {figures.map(([name, count]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="digits">{count.toLocaleString('en')}</dd>
        </div>
      ))}
    </dl>
  );
}
