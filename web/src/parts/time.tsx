import { now } from '../state/clock.js';
import { absoluteText, relativeText } from './time-text.js';

interface TimeProps {
  /** ISO 8601. */
  at: string;
  /** Also in figures, not only how long ago. */
  both?: boolean;
  /** Whether it lies ahead. What does not may seem to by a server whose clock is a little fast. */
  ahead?: boolean;
}

/** A moment: how long ago or ahead it is, and exactly when. */
export function Time({ at, both = false, ahead = false }: TimeProps) {
  const exact = absoluteText(at);
  // The clock's signal says when to look again; it is behind by up to its tick.
  const away = Date.parse(at) - Math.max(now.value, Date.now());
  return (
    <time dateTime={at} title={exact}>
      {relativeText(ahead ? Math.max(0, away) : Math.min(0, away))}
      {both && <span class="second-line">{exact}</span>}
    </time>
  );
}

/** A moment in figures. */
export function ExactTime({ at }: { at: string }) {
  return <time dateTime={at}>{absoluteText(at)}</time>;
}
