import * as admin from '../../api/admin.js';
import { fieldText } from '../../api/error-text.js';
import type { User } from '../../api/types.js';
import { ErrorAlert } from '../../parts/alert.js';
import type { Question } from '../../parts/confirm-dialog.js';
import { Field } from '../../parts/field.js';
import { typed } from '../../parts/form-text.js';
import { ExactTime } from '../../parts/time.js';
import { useAction } from '../../parts/use-action.js';
import { UserBadges } from '../../parts/user-badges.js';
import { askWho, who } from '../../state/who.js';
import { withStepUp } from '../../state/step-up.js';
import { disabling } from './person-questions.js';

interface PersonAccountProps {
  user: User;
  onAsk: (question: Question) => void;
  onChanged: (user: User) => void;
}

/** Who a person is, and what the account may do. */
export function PersonAccount({ user, onAsk, onChanged }: PersonAccountProps) {
  const action = useAction();

  const change = (body: { roles?: string[]; disabled?: boolean }, said: string) =>
    action.run(async () => {
      const changed = await withStepUp(() => admin.changeUser(user.id, body));
      onChanged(changed.user);
      // One's own roles decide which pages there are.
      if (who.value.is === 'in' && who.value.user.id === user.id) await askWho();
      return said;
    });

  function saveRoles(event: SubmitEvent) {
    event.preventDefault();
    const roles = typed(event)('roles')
      .split(/[\s,]+/)
      .filter(Boolean);
    void change({ roles: [...new Set(roles)] }, 'The roles are saved.');
  }

  return (
    <div class="panel account">
      <dl class="facts">
        <dt>E-mail</dt>
        <dd>{user.email}</dd>
        <dt>Account</dt>
        <dd>
          <UserBadges user={user} />
        </dd>
        <dt>Since</dt>
        <dd>
          <ExactTime at={user.createdAt} />
        </dd>
        <dt>Id</dt>
        <dd class="digits">{user.id}</dd>
      </dl>
      <ErrorAlert error={action.error} />
      <div class="account-acts">
        <form class="inline" onSubmit={saveRoles} key={user.roles.join(' ')}>
          <Field
            label="Roles"
            name="roles"
            autocomplete="off"
            spellcheck={false}
            initial={user.roles.join(' ')}
            hint="Separated by blanks. “admin” may use these pages."
            error={fieldText(action.error, 'roles') ?? fieldText(action.error, 'roles.0')}
          />
          <button type="submit" disabled={action.busy}>
            Save roles
          </button>
        </form>
        {user.disabled ? (
          <button
            type="button"
            disabled={action.busy}
            onClick={() => void change({ disabled: false }, 'The account is enabled.')}
          >
            Enable account
          </button>
        ) : (
          <button type="button" class="danger-quiet" onClick={() => onAsk(disabling(user, onChanged))}>
            Disable account
          </button>
        )}
      </div>
    </div>
  );
}
