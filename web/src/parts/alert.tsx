import type { ComponentChildren } from 'preact';
import type { ApiError } from '../api/api-error.js';
import { errorText } from '../api/error-text.js';
import { useCountdown } from '../state/clock.js';

interface AlertProps {
  kind?: 'error' | 'warning' | 'note' | 'good';
  children: ComponentChildren;
}

/** A message that is read out as it appears. */
export function Alert({ kind = 'error', children }: AlertProps) {
  return (
    <div class={`alert ${kind}`} role={kind === 'error' || kind === 'warning' ? 'alert' : 'status'}>
      {children}
    </div>
  );
}

/** Why something did not work; where a wait helps, how long it still is. */
export function ErrorAlert({ error }: { error: ApiError | undefined }) {
  const left = useCountdown(error?.retryAfterSeconds, error);
  if (!error) return null;
  return (
    <Alert>
      <p>{errorText(error)}</p>
      {left > 0 && (
        // Read out once, not every second.
        <p aria-hidden="true">
          Try again in <b class="digits">{waitText(left)}</b>.
        </p>
      )}
      {error.retryAfterSeconds !== undefined && (
        <p class="visually-hidden">Try again in {waitText(error.retryAfterSeconds)}.</p>
      )}
    </Alert>
  );
}

/** @param seconds from 1 */
export function waitText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
