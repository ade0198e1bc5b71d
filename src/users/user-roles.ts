import { validationProblem } from '../problem/index.js';

/** The role that opens the administration. */
export const ADMIN_ROLE = 'admin';

// Safe in a header of GET /auth/verify and inside the JSON column without escaping.
const ROLE = /^[a-z0-9_.:-]{1,64}$/;
const MAX_ROLES = 32;

/**
 * Roles as they are stored: sorted, each once.
 *
 * @throws {ProblemException} `VALIDATION_FAILED` when one does not match `[a-z0-9_.:-]+` (at most 64 characters), or
 * when there are more than 32
 */
export function normaliseRoles(roles: readonly string[]): string[] {
  const wrong = roles.findIndex((role) => !ROLE.test(role));
  if (wrong !== -1)
    throw validationProblem([{ path: ['roles', wrong], message: 'Must match [a-z0-9_.:-]{1,64}' }]);
  if (roles.length > MAX_ROLES)
    throw validationProblem([{ path: ['roles'], message: `At most ${MAX_ROLES} roles` }]);
  return [...new Set(roles)].sort();
}
