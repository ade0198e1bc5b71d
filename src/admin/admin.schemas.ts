import { z } from 'zod';
import { SECURITY_EVENT_TYPES, type SecurityEventType } from '../auth/index.js';

const MAX_ID_LENGTH = 128;
// RFC 5321, section 4.5.3.1: no address is longer, and no name worth looking for either.
const MAX_QUERY_LENGTH = 320;
const MAX_CURSOR_LENGTH = 512;
const MAX_ROLES = 32;
const MAX_ROLE_LENGTH = 64;

// Control characters are in no id, name or address, and PostgreSQL takes no NUL.
const text = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^\P{Cc}*$/u, 'Control characters are not allowed');

const line = (maxLength: number) => text(maxLength).min(1);

/** A page's size in a query string: 1 to 100, 50 unless given. */
const limit = z
  .preprocess(
    (value) => (typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value),
    z.number('Must be a whole number').int().min(1).max(100),
  )
  .default(50)
  .describe('How many at most. 50 unless given.');

const cursor = line(MAX_CURSOR_LENGTH).optional().describe('`nextCursor` of the page before, unchanged.');

/** Id of a user in a path. */
export const UserId = line(MAX_ID_LENGTH);

/** Handle of a session in a path. */
export const SessionId = line(MAX_ID_LENGTH);

/** Id of an operation in a path. */
export const OperationId = line(MAX_ID_LENGTH);

/** Query of `GET /admin/users`. */
export const UserQuery = z.strictObject({
  query: text(MAX_QUERY_LENGTH)
    .optional()
    .describe('Part of the e-mail or the display name, whatever the case.'),
  limit,
  cursor,
});

/** Body of `PATCH /admin/users/:userId`. */
export const UserChangesBody = z
  .strictObject({
    roles: z
      .array(
        z
          .string()
          .max(MAX_ROLE_LENGTH)
          .regex(/^[a-z0-9_.:-]+$/, 'A role consists of a to z, 0 to 9 and _ . : -'),
      )
      .max(MAX_ROLES)
      .optional()
      .describe('Replaces all roles.'),
    disabled: z.boolean().optional().describe('True ends all sessions of this user and lets him not log in.'),
  })
  .refine((changes) => Object.keys(changes).length > 0, 'Give roles, disabled or both');

/** Every type of event that the trail can hold. */
export const EVENT_TYPES = Object.keys(SECURITY_EVENT_TYPES) as [SecurityEventType, ...SecurityEventType[]];

/** Query of `GET /admin/events`. */
export const EventQuery = z.strictObject({
  userId: UserId.optional().describe('Only events about this account.'),
  type: z.enum(EVENT_TYPES).optional(),
  limit,
  cursor,
});

/** Query of `GET /admin/live`. */
export const LiveQuery = z.strictObject({
  userId: UserId.optional().describe('Whose sessions to announce changes of.'),
});

/** Query of `GET /admin/stats/history`. */
export const HistoryQuery = z.strictObject({
  hours: z
    .preprocess(
      (value) => (typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value),
      z.number('Must be a whole number').int().min(1).max(168),
    )
    .default(24)
    .describe('How far back. 24 unless given.'),
});

export type LiveQueryInput = z.output<typeof LiveQuery>;
export type HistoryQueryInput = z.output<typeof HistoryQuery>;
export type UserQueryInput = z.output<typeof UserQuery>;
export type UserChangesInput = z.output<typeof UserChangesBody>;
export type EventQueryInput = z.output<typeof EventQuery>;
