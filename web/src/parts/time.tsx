import { now } from '../state/clock.js';
import { absoluteText, relativeText } from './time-text.js';

interface TimeProps {
  /** ISO 8601. */
  at: string;
  /** Also in figures, not only how long ago. */
  both?: boolean;
}

/** A moment: how long ago or ahead it is, and exactly when. */
export function Time({ at, both = false }: TimeProps) {
  const exact = absoluteText(at);
  return (
    <time dateTime={at} title={exact}>
      {relativeText(Date.parse(at) - now.value)}
      {both && <span class="second-line">{exact}</span>}
    </time>
  );
}

/** A moment in figures. */
export function ExactTime({ at }: { at: string }) {
  return <time dateTime={at}>{absoluteText(at)}</time>;
}
