import type { ComponentChildren } from 'preact';
import { PLOT, type PlotScale, plotScale } from './plot-scale.js';
import { useWidth } from './use-width.js';

interface PlotProps {
  title: string;
  /** All of it in a sentence, for those who do not see it. */
  summary: string;
  /** Beginnings of the buckets, ISO 8601. */
  times: readonly string[];
  largest: number;
  /** What the colours mean, when there are several. */
  legend?: readonly { name: string; kind: string }[];
  draw: (scale: PlotScale) => ComponentChildren;
}

const SOME_WIDTH = 640;
const PIXELS_PER_TIME = 110;
const DAY_MS = 86_400_000;
const hour = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric' });

/** A small plot over time: axes, and what is drawn between them. */
export function Plot({ title, summary, times, largest, legend, draw }: PlotProps) {
  const { element, width } = useWidth<HTMLDivElement>(SOME_WIDTH);
  const scale = plotScale(width, times.length, largest);
  return (
    <figure class="plot">
      <figcaption>
        <h2>{title}</h2>
        {legend && (
          <ul class="legend">
            {legend.map(({ name, kind }) => (
              <li key={kind}>
                <svg viewBox="0 0 12 12" aria-hidden="true">
                  <rect class={kind} width="12" height="12" rx="2" />
                </svg>
                {name}
              </li>
            ))}
          </ul>
        )}
      </figcaption>
      <div ref={element}>
        <svg
          role="img"
          aria-label={summary}
          viewBox={`0 0 ${width} ${PLOT.height}`}
          width={width}
          height={PLOT.height}
        >
          {[0, scale.top / 2, scale.top].map((figure) => (
            <g key={figure}>
              <line
                class="grid"
                x1={PLOT.left}
                x2={width - PLOT.right}
                y1={scale.y(figure)}
                y2={scale.y(figure)}
              />
              <text class="axis" x={PLOT.left - 6} y={scale.y(figure) + 4} text-anchor="end">
                {figure.toLocaleString('en', { notation: 'compact' })}
              </text>
            </g>
          ))}
          <Times times={times} scale={scale} width={width} />
          {draw(scale)}
        </svg>
      </div>
    </figure>
  );
}

function Times({ times, scale, width }: { times: readonly string[]; scale: PlotScale; width: number }) {
  const wanted = Math.max(2, Math.floor(width / PIXELS_PER_TIME));
  const every = Math.max(1, Math.ceil(times.length / wanted));
  const isLong = Date.parse(times.at(-1) ?? '') - Date.parse(times[0] ?? '') > 2 * DAY_MS;
  return (
    <>
      {times.map((at, index) =>
        index % every === 0 ? (
          <text key={at} class="axis" x={scale.x(index)} y={PLOT.height - 6}>
            {(isLong ? day : hour).format(new Date(at))}
          </text>
        ) : null,
      )}
    </>
  );
}
