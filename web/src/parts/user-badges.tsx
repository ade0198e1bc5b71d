import type { User } from '../api/types.js';

/** The roles of a person, and whether the account is disabled. */
export function UserBadges({ user }: { user: User }) {
  if (user.roles.length === 0 && !user.disabled) return <span>–</span>;
  return (
    <span class="badges">
      {user.disabled && <span class="badge bad">disabled</span>}
      {user.roles.map((role) => (
        <span class="badge" key={role}>
          {role}
        </span>
      ))}
    </span>
  );
}
