import type { ComponentChildren } from 'preact';
import { askPassword, StepUpCancelled } from '../state/step-up.js';
import { askAgain } from '../state/freshness.js';
import type { Resource } from '../state/resource.js';
import { ErrorAlert } from './alert.js';

/** Something is being asked for, and there is nothing to show yet. */
export function Loading({ what }: { what: string }) {
  return (
    <p class="loading" role="status">
      Loading {what}…
    </p>
  );
}

/** There is nothing, and that is no fault. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

interface LoadedProps<T> {
  resource: Resource<T>;
  /** What it is, for “Loading …”. */
  what: string;
  children: (data: T) => ComponentChildren;
}

/** Something that the server was asked for: while it is asked, when it will not say, and when it has. */
export function Loaded<T>({ resource, what, children }: LoadedProps<T>) {
  const { data, error, loading, stale } = resource;
  return (
    <>
      {error?.code === 'REAUTHENTICATION_REQUIRED' && <PasswordWanted />}
      {error && !error.isOutage && error.code !== 'REAUTHENTICATION_REQUIRED' && (
        <div class="failed">
          <ErrorAlert error={error} />
          <button type="button" onClick={resource.reload}>
            Try again
          </button>
        </div>
      )}
      {data === undefined && loading && <Loading what={what} />}
      {data === undefined && error?.isOutage && <Empty>Nothing can be shown until the server answers.</Empty>}
      {data !== undefined && (
        <div class={stale ? 'stale' : undefined}>
          {stale && <p class="stale-note">As it was before the interruption.</p>}
          {children(data)}
        </div>
      )}
    </>
  );
}

/** The pages for admins open in a session that was made, or confirmed, as an admin's. */
function PasswordWanted() {
  async function confirm() {
    try {
      await askPassword();
      askAgain();
    } catch (error) {
      if (!(error instanceof StepUpCancelled)) throw error;
    }
  }
  return (
    <div class="panel">
      <p>You became an administrator after you logged in here. Give your password once to use these pages.</p>
      <button type="button" class="primary" onClick={() => void confirm()}>
        Give password
      </button>
    </div>
  );
}
