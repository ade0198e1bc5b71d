import { z } from 'zod';
import type { SessionPrincipal } from '../session/index.js';

const time = () => z.string().meta({ format: 'date-time' });
const count = () => z.number().meta({ type: 'integer', minimum: 0 });

/** A user as the API shows him. */
export const UserSchema = z
  .object({
    id: z.string(),
    email: z.string(),
    displayName: z.string().nullable(),
    roles: z.array(z.string()),
    disabled: z.boolean(),
    createdAt: time(),
  })
  .meta({ id: 'User' });

/** A session as its owner, or an admin, may see it. */
export const SessionSchema = z
  .object({
    id: z.string().meta({ description: 'Names the session; cannot be used to log in.' }),
    current: z.boolean().meta({ description: 'Whether it is the session of this request.' }),
    createdAt: time(),
    authenticatedAt: time(),
    lastSeenAt: time(),
    expiresAt: time().meta({ format: 'date-time', description: 'When it ends unless it is used before.' }),
    absoluteExpiresAt: time().meta({ format: 'date-time', description: 'When it ends whatever happens.' }),
    ip: z.string(),
    userAgent: z.string(),
    device: z.object({
      browser: z.string().nullable(),
      os: z.string().nullable(),
      type: z.string(),
    }),
  })
  .meta({ id: 'Session' });

/** Answer of every call that makes a session. */
export const LoggedInSchema = z.object({
  user: UserSchema,
  session: SessionSchema,
  token: z.string().optional().meta({ description: 'Only for bearer sessions, and only here.' }),
  deviceToken: z.string().optional().meta({
    description:
      'Only for bearer sessions: to be kept on this device and sent with its next login. It opens nothing.',
  }),
});

/** Answer of `GET /auth/session`. */
export const WhoAmISchema = z.object({ user: UserSchema, session: SessionSchema });

/** Answer of a listing of sessions. */
export const SessionListSchema = z.object({ items: z.array(SessionSchema), total: count() });

/** Answer of a revocation of several sessions. */
export const RevokedSchema = z.object({
  revoked: count().meta({ type: 'integer', minimum: 0, description: 'How many live sessions ended.' }),
  durable: z.boolean().optional().meta({
    description:
      'Whether the replicas have confirmed it, so that a failover cannot undo it. Only where revocations are replicated.',
  }),
});

/** A user as the API shows one. */
export type UserView = z.output<typeof UserSchema>;

/** The members of a principal that the API shows; a host's users may have more. */
export function toUserView({
  id,
  email,
  displayName,
  roles,
  disabled,
  createdAt,
}: SessionPrincipal): UserView {
  return { id, email, displayName, roles, disabled, createdAt };
}
