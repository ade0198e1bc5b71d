import { z } from 'zod';
import { UserSchema } from '../auth/index.js';
import { EVENT_TYPES } from './admin.schemas.js';

const nextCursor = z
  .string()
  .nullable()
  .meta({ description: 'To be sent as `cursor` for the next page; null on the last one.' });

/** Answer of `GET /admin/users`. */
export const UserPageSchema = z.object({ items: z.array(UserSchema), nextCursor });

/** Answer of `GET /admin/users/:userId`. */
export const UserWithSessionsSchema = z.object({
  user: UserSchema,
  sessions: z.int().meta({ description: 'How many live sessions this user has.' }),
});

/** Answer of `PATCH /admin/users/:userId`. */
export const ChangedUserSchema = z.object({ user: UserSchema });

/** Answer of `DELETE /admin/users/:userId/sessions`. */
export const RevokedSessionsSchema = z.object({
  revoked: z.int().meta({ description: 'How many live sessions ended.' }),
  durable: z.boolean().optional().meta({
    description:
      'Whether the replicas have confirmed it, so that a failover cannot undo it. Only where revocations are replicated.',
  }),
});

/** Answer of `DELETE /admin/sessions`. */
export const StartedOperationSchema = z.object({ operationId: z.string() });

/** Answer of `GET /admin/operations/:id`. */
export const OperationSchema = z.object({
  state: z.enum(['running', 'done']),
  revoked: z.int().meta({ description: 'How many sessions have ended so far, those of visitors included.' }),
});

const EventSchema = z
  .object({
    id: z.string(),
    at: z.string().meta({ format: 'date-time' }),
    type: z.enum(EVENT_TYPES),
    userId: z
      .string()
      .nullable()
      .meta({ description: 'Whose account it is about; null when no account is known.' }),
    actorId: z.string().nullable().meta({ description: 'Who did it; null when nobody was logged in.' }),
    sessionId: z.string().optional(),
    ip: z.string().optional(),
    userAgent: z.string().optional(),
    requestId: z.string().optional(),
    detail: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
      .optional()
      .meta({ description: 'What else is known, by type.' }),
  })
  .meta({ id: 'SecurityEvent' });

/** Answer of `GET /admin/events`. */
export const EventPageSchema = z.object({ items: z.array(EventSchema), nextCursor });

/** Answer of `GET /admin/stats`. */
export const StatsSchema = z.object({
  liveSessions: z
    .int()
    .meta({ description: 'Sessions of users; one that ended a moment ago may still be counted.' }),
  usersWithSessions: z.int(),
  users: z.int().meta({ description: 'Accounts, disabled ones included.' }),
  logins: z
    .int()
    .meta({ description: 'Logins of the last 24 hours, those that came with a registration included.' }),
  failedLogins: z.int().meta({ description: 'Logins of the last 24 hours with wrong credentials.' }),
  revocations: z.int().meta({
    description:
      'Revocations, disablings and password changes of the last 24 hours; each counts once, however many sessions it ended.',
  }),
});

/** Answer of `GET /admin/stats/history`. */
export const StatsHistorySchema = z.object({
  bucketMinutes: z.int(),
  items: z.array(
    z.object({
      at: z.string().meta({ format: 'date-time', description: 'Where the bucket begins.' }),
      liveSessions: z
        .int()
        .nullable()
        .meta({ description: 'The last sample in it; null when there is none.' }),
      logins: z.int(),
      failedLogins: z.int(),
      throttledLogins: z.int().meta({ description: 'Attempts that were refused unseen.' }),
      revocations: z.int(),
    }),
  ),
});
