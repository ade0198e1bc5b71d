import type { Session } from '../api/types.js';

/** What a person calls the device of a session: “Firefox on Linux”. */
export function deviceName({ device }: Pick<Session, 'device'>): string {
  if (device.browser && device.os) return `${device.browser} on ${device.os}`;
  return device.browser ?? device.os ?? 'Unknown device';
}
