import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';

const TICK_MS = 10_000;

/** Now, as this device has it, every ten seconds. */
export const now = signal(Date.now());

setInterval(() => {
  now.value = Date.now();
}, TICK_MS);

/**
 * Seconds left of a wait, counted down to 0.
 *
 * @param seconds how long it is, from when `of` appeared
 * @param of what the wait belongs to; another one starts it anew
 */
export function useCountdown(seconds: number | undefined, of: unknown): number {
  const left = useSignal(seconds ?? 0);
  useEffect(() => {
    const until = Date.now() + (seconds ?? 0) * 1000;
    const tick = () => {
      left.value = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      if (left.value === 0) clearInterval(timer);
    };
    const timer = setInterval(tick, 250);
    tick();
    return () => clearInterval(timer);
  }, [seconds, of]);
  return left.value;
}
