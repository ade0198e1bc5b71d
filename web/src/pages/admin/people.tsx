import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import * as admin from '../../api/admin.js';
import type { User } from '../../api/types.js';
import { Field } from '../../parts/field.js';
import { More } from '../../parts/more.js';
import { Page } from '../../parts/page.js';
import { Empty, Loaded } from '../../parts/states.js';
import { ExactTime } from '../../parts/time.js';
import { UserBadges } from '../../parts/user-badges.js';
import { personPath } from '../../routes.js';
import { usePages } from '../../state/pages.js';

const TYPING_MS = 250;

/** Finds people. */
export function PeoplePage() {
  const { query: asked, route, path } = useLocation();
  const { query = '' } = asked as { query?: string };
  const typed = useSignal(query);
  const people = usePages<User>((cursor, signal) => admin.findUsers(query, cursor, signal), [query]);

  // The address names what is searched for, so that it can be gone back to.
  const wanted = typed.value.trim();
  useEffect(() => {
    if (wanted === query) return;
    const timer = setTimeout(
      () => route(wanted ? `${path}?query=${encodeURIComponent(wanted)}` : path, true),
      TYPING_MS,
    );
    return () => clearTimeout(timer);
  }, [wanted, query]);

  return (
    <Page title="People" lead="Find a person to see and end their sessions.">
      <form role="search" class="filters" onSubmit={(event) => event.preventDefault()}>
        <Field
          label="E-mail or name"
          name="query"
          type="search"
          autocomplete="off"
          spellcheck={false}
          maxLength={320}
          value={typed.value}
          onInput={(value) => (typed.value = value)}
        />
      </form>
      <Loaded resource={people} what="people">
        {({ items, nextCursor }) => (
          <>
            <p class="visually-hidden" role="status">
              {items.length === 0
                ? 'Nobody found.'
                : `${items.length} people shown${nextCursor ? ', there are more' : ''}.`}
            </p>
            {items.length === 0 ? (
              <Empty>Nobody’s e-mail or name has that in it.</Empty>
            ) : (
              <PeopleTable people={items} />
            )}
            <More hasMore={nextCursor !== null} onMore={people.more} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function PeopleTable({ people }: { people: User[] }) {
  return (
    <table role="table" class="cards">
      <caption class="visually-hidden">People</caption>
      <thead role="rowgroup">
        <tr role="row">
          {['E-mail', 'Name', 'Account', 'Since'].map((title) => (
            <th role="columnheader" scope="col" key={title}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {people.map((user) => (
          <tr role="row" key={user.id}>
            <th role="rowheader" scope="row">
              <a href={personPath(user.id)}>{user.email}</a>
            </th>
            <td role="cell" data-label="Name">
              {user.displayName ?? '–'}
            </td>
            <td role="cell" data-label="Account">
              <UserBadges user={user} />
            </td>
            <td role="cell" data-label="Since">
              <ExactTime at={user.createdAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
