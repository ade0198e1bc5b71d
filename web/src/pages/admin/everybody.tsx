import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import * as admin from '../../api/admin.js';
import { type ApiError, isApiError } from '../../api/api-error.js';
import type { Operation } from '../../api/types.js';
import { Alert, ErrorAlert } from '../../parts/alert.js';
import { ConfirmDialog, type Question } from '../../parts/confirm-dialog.js';
import { Page } from '../../parts/page.js';
import { announce } from '../../state/announce.js';
import { withStepUp } from '../../state/step-up.js';

const POLL_MS = 1_000;

/** Ends everybody's sessions. */
export function EverybodyPage() {
  const question = useSignal<Question | null>(null);
  const operationId = useSignal<string | null>(null);

  const asking: Question = {
    title: 'End everybody’s sessions?',
    text: 'Everybody but you is logged out, visitors’ carts and the like are lost. This cannot be undone.',
    verb: 'End everybody’s sessions',
    word: 'everybody',
    act: async () => {
      operationId.value = (await withStepUp(admin.revokeEverybody)).operationId;
    },
  };

  return (
    <Page title="Everybody" lead="After a theft of data, or before a move: log out everybody at once.">
      <div class="panel narrow">
        <p>
          From the moment this is confirmed, no session but this one is accepted. Deleting them takes a while
          and goes on by itself.
        </p>
        <button type="button" class="danger" onClick={() => (question.value = asking)}>
          End everybody’s sessions…
        </button>
        {operationId.value && <Progress id={operationId.value} />}
      </div>
      {question.value && <ConfirmDialog question={question.value} onClose={() => (question.value = null)} />}
    </Page>
  );
}

function Progress({ id }: { id: string }) {
  const operation = useSignal<Operation | null>(null);
  const error = useSignal<ApiError | undefined>(undefined);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let over = false;
    async function ask() {
      try {
        operation.value = await admin.getOperation(id);
        error.value = undefined;
        if (operation.value.state === 'done') return announce('Everybody’s sessions have ended.');
      } catch (failure) {
        if (!isApiError(failure)) throw failure;
        error.value = failure;
        if (!failure.isOutage && failure.status !== 503) return;
      }
      if (!over) timer = setTimeout(() => void ask(), POLL_MS);
    }
    void ask();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [id]);

  const { value: seen } = operation;
  const count = (seen?.revoked ?? 0).toLocaleString('en');
  return (
    <>
      <ErrorAlert error={error.value} />
      {seen?.state === 'done' ? (
        <Alert kind="good">Done: {count} sessions have ended, those of visitors included.</Alert>
      ) : (
        <label class="progress">
          <progress />
          <span class="digits">{count} sessions deleted so far</span>
        </label>
      )}
    </>
  );
}
