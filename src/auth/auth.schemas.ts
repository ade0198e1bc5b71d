import { z } from 'zod';
import { normaliseEmail } from './email.js';

// RFC 5321, section 4.5.3.1, and the 254 of its erratum 1690.
const MAX_EMAIL_LENGTH = 254;
const MAX_DISPLAY_NAME_LENGTH = 100;
const MAX_HANDLE_LENGTH = 64;

// Control characters would end up in listings and logs; U+0000 no database stores.
const withoutControls = (schema: z.ZodString) =>
  schema.refine((text) => !/[\p{Cc}\p{Surrogate}]/u.test(text), 'Must not contain control characters');

const email = withoutControls(z.string().overwrite(normaliseEmail));

/** As it was typed. How long it may be is no business of a schema: a login answers the same whatever is wrong. */
const password = z.string().min(1);

const transport = z.enum(['cookie', 'bearer']).optional().meta({
  description:
    'How the new session is carried: `cookie` for browsers (the default), `bearer` for a token in the body.',
});

/** Any text: one that is not ours, or not any more, is an unknown device and nothing worse. */
const deviceToken = z.string().optional().meta({
  description: 'From an earlier login on this device. Browsers leave it out: they have it as a cookie.',
});

/** Body of `POST /auth/register`. */
export const RegisterSchema = z.strictObject({
  email: email
    .max(MAX_EMAIL_LENGTH)
    .refine((text) => z.regexes.unicodeEmail.test(text), 'Must be an e-mail address')
    .meta({ format: 'email' }),
  password,
  displayName: withoutControls(z.string().trim().min(1).max(MAX_DISPLAY_NAME_LENGTH)).optional(),
  transport,
});

/** Body of `POST /auth/register/confirm`. A token of any other form is as wrong as one that has expired. */
export const ConfirmRegistrationSchema = z.strictObject({
  token: z.string().meta({ description: 'From the mail.' }),
  transport,
});

/** Body of `POST /auth/login`. An e-mail that is too long is one that has no account, and answered like all those. */
export const LoginSchema = z.strictObject({
  email: email.refine((text) => text.length > 0, 'Must not be empty').meta({ format: 'email' }),
  password,
  transport,
  deviceToken,
  revokeSessionId: z
    .string()
    .max(MAX_HANDLE_LENGTH)
    .optional()
    .meta({ description: 'Id of a session of this account that ends to make room for the new one.' }),
});

/** Body of `POST /auth/reauthenticate`. */
export const ReauthenticateSchema = z.strictObject({ password, deviceToken });

/** Body of `PUT /auth/password`. */
export const ChangePasswordSchema = z.strictObject({
  currentPassword: password,
  newPassword: password,
  deviceToken,
});

/** Query of `DELETE /auth/sessions`. */
export const RevokeSessionsSchema = z.strictObject({
  scope: z.enum(['others', 'all']).default('others').meta({ description: '`all` ends this session too.' }),
});

export type RegisterInput = z.output<typeof RegisterSchema>;
export type ConfirmRegistrationInput = z.output<typeof ConfirmRegistrationSchema>;
export type LoginInput = z.output<typeof LoginSchema>;
export type ReauthenticateInput = z.output<typeof ReauthenticateSchema>;
export type ChangePasswordInput = z.output<typeof ChangePasswordSchema>;
export type RevokeSessionsInput = z.output<typeof RevokeSessionsSchema>;
