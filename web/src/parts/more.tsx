import { ErrorAlert } from './alert.js';
import { useAction } from './use-action.js';

/** Asks for the next page of a listing, if there is one. */
export function More({ hasMore, onMore }: { hasMore: boolean; onMore: () => Promise<void> }) {
  const action = useAction();
  if (!hasMore) return null;
  return (
    <div class="more">
      <ErrorAlert error={action.error} />
      <button type="button" disabled={action.busy} onClick={() => void action.run(onMore)}>
        {action.busy ? 'Loading…' : 'Show more'}
      </button>
    </div>
  );
}
