import { parseDuration } from './duration.js';

/** How long the program goes on answering after a signal, unless SHUTDOWN_DELAY says otherwise, ms. */
export const defaultShutdownDelayMs = (production: boolean): number => (production ? 5_000 : 0);

/** The same as the variables have it; for those who wait for the program without checking its settings. */
export function shutdownDelayMs({ SHUTDOWN_DELAY = '', NODE_ENV }: NodeJS.ProcessEnv): number {
  const text = SHUTDOWN_DELAY.trim();
  if (text === '0') return 0;
  return parseDuration(text) ?? defaultShutdownDelayMs(NODE_ENV === 'production');
}
