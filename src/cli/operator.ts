import { hostname, userInfo } from 'node:os';

import { plainText } from '../problem/index.js';

const MAX_NAME = 128;

/**
 * What the trail says of acts of the command line, where nobody is logged in: that it was the command line, and the
 * account of the machine that ran it, which is as much as is known of the person.
 */
export function operatorDetail(): { by: string; operator: string } {
  return { by: 'command line', operator: plainText(`${accountName()}@${hostname()}`, MAX_NAME) };
}

function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that no account of its image has.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
