import { useId } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { useAdminLive } from '../../live/admin.js';
import { EVENT_TEXTS } from '../../parts/event-text.js';
import { Field } from '../../parts/field.js';
import { typed } from '../../parts/form-text.js';
import { Page } from '../../parts/page.js';
import { TrailTable } from './trail-table.js';
import { useTrail } from './use-trail.js';

/** What happened to accounts and sessions. */
export function TrailPage() {
  const { query, path, route } = useLocation();
  const { userId = '', type = '' } = query as { userId?: string; type?: string };
  const trail = useTrail({ userId, type });
  useAdminLive({ onTrail: trail.add });
  const id = useId();

  function filter(event: SubmitEvent) {
    event.preventDefault();
    const field = typed(event);
    const asked = new URLSearchParams();
    for (const name of ['userId', 'type']) if (field(name).trim()) asked.set(name, field(name).trim());
    route(asked.size > 0 ? `${path}?${asked.toString()}` : path);
  }

  return (
    <Page title="Trail" lead="Who did what, when and from where. New events appear by themselves.">
      <form class="filters" onSubmit={filter} key={`${userId} ${type}`}>
        <div class="field">
          <label for={id}>Event</label>
          <select id={id} name="type" onChange={(event) => event.currentTarget.form?.requestSubmit()}>
            <option value="">All</option>
            {Object.entries(EVENT_TEXTS).map(([value, text]) => (
              <option key={value} value={value} selected={value === type}>
                {text}
              </option>
            ))}
          </select>
        </div>
        <Field
          label="Person’s id"
          name="userId"
          autocomplete="off"
          spellcheck={false}
          maxLength={128}
          initial={userId}
        />
        <button type="submit">Filter</button>
        {(userId || type) && <a href={path}>Show all</a>}
      </form>
      <TrailTable trail={trail.pages} withPerson />
    </Page>
  );
}
