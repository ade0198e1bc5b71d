import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import * as admin from '../../api/admin.js';
import { useAdminLive } from '../../live/admin.js';
import { ConfirmDialog, type Question } from '../../parts/confirm-dialog.js';
import { Page } from '../../parts/page.js';
import { SessionTable } from '../../parts/session-table.js';
import { Empty, Loaded } from '../../parts/states.js';
import { sessionRefreshes } from '../../state/freshness.js';
import { useResource } from '../../state/resource.js';
import { PersonAccount } from './person-account.js';
import { revokingAll, revokingOne } from './person-questions.js';
import { TrailTable } from './trail-table.js';
import { useTrail } from './use-trail.js';

/** One person: the account, the live sessions, and what happened. */
export function PersonPage({ id }: { id: string }) {
  const person = useResource((signal) => admin.getUser(id, signal), [id]);
  const sessions = useResource((signal) => admin.sessionsOf(id, signal), [id]);
  const trail = useTrail({ userId: id, type: '' });
  const question = useSignal<Question | null>(null);
  useAdminLive({ userId: id, onTrail: trail.add });
  const refreshed = sessionRefreshes.value;
  useEffect(() => {
    if (refreshed > 0) sessions.reload();
  }, [refreshed]);

  const name = person.data?.user.displayName ?? person.data?.user.email ?? 'Person';
  const count = sessions.data?.items.length ?? 0;
  return (
    <Page title={name}>
      <Loaded resource={person} what="the account">
        {({ user }) => (
          <PersonAccount
            user={user}
            onAsk={(asked) => (question.value = asked)}
            onChanged={(changed) => person.set((data) => ({ ...data, user: changed }))}
          />
        )}
      </Loaded>
      <section aria-labelledby="sessions">
        <div class="section-head">
          <h2 id="sessions">Live sessions</h2>
          <button
            type="button"
            class="danger-quiet"
            disabled={count === 0}
            onClick={() => (question.value = revokingAll(id, name, sessions.reload))}
          >
            Revoke all
          </button>
        </div>
        {!person.error && (
          <Loaded resource={sessions} what="sessions">
            {({ items }) =>
              items.length === 0 ? (
                <Empty>Logged in nowhere.</Empty>
              ) : (
                <SessionTable
                  sessions={items}
                  caption={`Sessions of ${name}`}
                  verb="Revoke"
                  onEnd={(session) => (question.value = revokingOne(id, session, sessions))}
                  onExpired={sessions.reload}
                />
              )
            }
          </Loaded>
        )}
      </section>
      <section aria-labelledby="trail">
        <h2 id="trail">What happened</h2>
        {!person.error && <TrailTable trail={trail.pages} withPerson={false} />}
      </section>
      {question.value && <ConfirmDialog question={question.value} onClose={() => (question.value = null)} />}
    </Page>
  );
}
