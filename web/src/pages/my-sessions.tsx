import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import * as auth from '../api/auth.js';
import { isApiError } from '../api/api-error.js';
import { type Session, type SessionList, withoutSession } from '../api/types.js';
import { ConfirmDialog, type Question } from '../parts/confirm-dialog.js';
import { deviceName } from '../parts/device-name.js';
import { Page } from '../parts/page.js';
import { SessionTable } from '../parts/session-table.js';
import { Loaded } from '../parts/states.js';
import { sessionRefreshes } from '../state/freshness.js';
import { type Resource, useResource } from '../state/resource.js';
import { leave } from '../state/session-actions.js';
import { withStepUp } from '../state/step-up.js';
import { who } from '../state/who.js';

/** Where am I logged in? */
export function MySessionsPage() {
  const userId = who.value.is === 'in' ? who.value.user.id : null;
  const sessions = useResource((signal) => auth.mySessions(signal), [userId]);
  const question = useSignal<Question | null>(null);
  const refreshed = sessionRefreshes.value;
  useEffect(() => {
    if (refreshed > 0) sessions.reload();
  }, [refreshed]);

  const ask = (session: Session) => {
    question.value = session.current ? leaving() : ending(session, sessions);
  };
  const others = sessions.data?.items.filter((session) => !session.current).length ?? 0;

  return (
    <Page
      title="My sessions"
      lead="Each is a browser or an app that is logged in as you. What you end is logged out at once."
      actions={
        <button
          type="button"
          class="danger-quiet"
          disabled={others === 0}
          onClick={() => (question.value = endingOthers(others, sessions.reload))}
        >
          End all others
        </button>
      }
    >
      <Loaded resource={sessions} what="your sessions">
        {({ items }) => (
          <>
            <SessionTable
              sessions={items}
              caption="My sessions"
              verb="End"
              onEnd={ask}
              onExpired={sessions.reload}
            />
            {others === 0 && <p class="empty">You are logged in nowhere else.</p>}
          </>
        )}
      </Loaded>
      {question.value && <ConfirmDialog question={question.value} onClose={() => (question.value = null)} />}
    </Page>
  );
}

function leaving(): Question {
  return {
    title: 'Log out here?',
    text: 'This is the session that you are using.',
    verb: 'Log out',
    act: leave,
  };
}

function ending(session: Session, sessions: Resource<SessionList>): Question {
  const name = deviceName(session);
  return {
    title: 'End this session?',
    text: `${name} at ${session.ip} is logged out at once.`,
    verb: 'End session',
    act: async () => {
      try {
        await withStepUp(() => auth.endSession(session.id));
      } catch (error) {
        // What was wanted is so.
        if (!isApiError(error, 'SESSION_NOT_FOUND')) throw error;
      }
      sessions.set((list) => withoutSession(list, session.id));
      sessions.reload();
      return `The session on ${name} has ended.`;
    },
  };
}

function endingOthers(count: number, reload: () => void): Question {
  return {
    title: 'End all other sessions?',
    text: `${count === 1 ? 'One other session is' : `${count} other sessions are`} logged out at once. You stay logged in here.`,
    verb: 'End all others',
    act: async () => {
      const { revoked } = await withStepUp(auth.endOtherSessions);
      reload();
      return revoked === 1 ? 'One session has ended.' : `${revoked} sessions have ended.`;
    },
  };
}
