/** The pages of somebody who is logged in. */
export const OWN_LINKS = [
  { href: '/console/sessions', text: 'My sessions' },
  { href: '/console/password', text: 'Password' },
] as const;

/** The pages of an admin. */
export const ADMIN_LINKS = [
  { href: '/console/admin/people', text: 'People' },
  { href: '/console/admin/trail', text: 'Trail' },
  { href: '/console/admin/stats', text: 'Statistics' },
  { href: '/console/admin/everybody', text: 'Everybody' },
] as const;

export const HOME = '/console/sessions';
export const LOGIN = '/console/login';
export const REGISTER = '/console/register';
export const CONFIRM = '/console/confirm';

/** @returns the address of a person's page */
export function personPath(userId: string): string {
  return `/console/admin/people/${encodeURIComponent(userId)}`;
}
