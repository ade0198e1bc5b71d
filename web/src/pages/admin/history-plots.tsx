import type { Bucket, History } from '../../api/types.js';
import { Plot } from '../../parts/plot.js';
import { linePath, lonelyPoints, type PlotScale } from '../../parts/plot-scale.js';
import { ExactTime } from '../../parts/time.js';
import { absoluteText } from '../../parts/time-text.js';

const OUTCOMES = [
  { name: 'Succeeded', kind: 'series-a', of: (bucket: Bucket) => bucket.logins },
  { name: 'Failed', kind: 'series-b', of: (bucket: Bucket) => bucket.failedLogins },
  { name: 'Refused unseen', kind: 'series-c', of: (bucket: Bucket) => bucket.throttledLogins },
];

/** Live sessions, logins by outcome and revocations over time. */
export function HistoryPlots({ history: { items } }: { history: History }) {
  const times = items.map(({ at }) => at);
  const live = items.map(({ liveSessions }) => liveSessions);
  const known = live.filter((figure) => figure !== null);
  const sum = (of: (bucket: Bucket) => number) => items.reduce((all, bucket) => all + of(bucket), 0);
  const revocations = (bucket: Bucket) => bucket.revocations;
  return (
    <>
      <div class="plots">
        <Plot
          title="Live sessions"
          summary={
            known.length === 0
              ? 'Not counted yet.'
              : `Live sessions: between ${Math.min(...known)} and ${Math.max(...known)}, ${known.at(-1)} at last.`
          }
          times={times}
          largest={Math.max(0, ...known)}
          draw={(scale) => (
            <>
              <path class="line" d={linePath(live, scale)} />
              {lonelyPoints(live, scale).map(({ index, x, y }) => (
                <circle key={index} class="series-a" cx={x} cy={y} r="3" />
              ))}
            </>
          )}
        />
        <Plot
          title="Logins by outcome"
          summary={`Logins: ${OUTCOMES.map(({ name, of }) => `${sum(of)} ${name.toLowerCase()}`).join(', ')}.`}
          times={times}
          largest={Math.max(
            0,
            ...items.map((bucket) => OUTCOMES.reduce((all, { of }) => all + of(bucket), 0)),
          )}
          legend={OUTCOMES}
          draw={(scale) => <Bars items={items} scale={scale} parts={OUTCOMES} />}
        />
        <Plot
          title="Revocations"
          summary={`Revocations: ${sum(revocations)}.`}
          times={times}
          largest={Math.max(0, ...items.map(revocations))}
          draw={(scale) => (
            <Bars
              items={items}
              scale={scale}
              parts={[{ name: 'Revocations', kind: 'series-a', of: revocations }]}
            />
          )}
        />
      </div>
      <details>
        <summary>The same as a table</summary>
        <HistoryTable items={items} />
      </details>
    </>
  );
}

interface BarsProps {
  items: readonly Bucket[];
  scale: PlotScale;
  /** From below. */
  parts: readonly { name: string; kind: string; of: (bucket: Bucket) => number }[];
}

function Bars({ items, scale, parts }: BarsProps) {
  const gap = scale.step > 4 ? 1 : 0;
  return (
    <>
      {items.map((bucket, index) => {
        let below = 0;
        return parts.map(({ name, kind, of }) => {
          const figure = of(bucket);
          if (figure === 0) return null;
          const bottom = scale.y(below);
          below += figure;
          return (
            <rect
              key={`${bucket.at} ${kind}`}
              class={kind}
              x={scale.x(index)}
              width={scale.step - gap}
              y={scale.y(below)}
              height={bottom - scale.y(below)}
            >
              <title>{`${absoluteText(bucket.at)}: ${figure} ${name.toLowerCase()}`}</title>
            </rect>
          );
        });
      })}
    </>
  );
}

function HistoryTable({ items }: { items: readonly Bucket[] }) {
  const happened = items.filter(
    (bucket) =>
      bucket.liveSessions !== null || OUTCOMES.some(({ of }) => of(bucket) > 0) || bucket.revocations > 0,
  );
  return (
    <div class="scroll" role="region" aria-label="Figures over time" tabIndex={0}>
      <table>
        <caption class="visually-hidden">
          Figures over time; spans in which nothing happened are left out
        </caption>
        <thead>
          <tr>
            {['From', 'Live sessions', 'Logins', 'Failed', 'Refused unseen', 'Revocations'].map((title) => (
              <th scope="col" key={title}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody class="digits">
          {happened.map((bucket) => (
            <tr key={bucket.at}>
              <th scope="row">
                <ExactTime at={bucket.at} />
              </th>
              <td>{bucket.liveSessions ?? '–'}</td>
              {OUTCOMES.map(({ kind, of }) => (
                <td key={kind}>{of(bucket)}</td>
              ))}
              <td>{bucket.revocations}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
