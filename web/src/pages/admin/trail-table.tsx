import type { SecurityEvent } from '../../api/types.js';
import { detailText, eventText } from '../../parts/event-text.js';
import { More } from '../../parts/more.js';
import { Person } from '../../parts/person.js';
import { Empty, Loaded } from '../../parts/states.js';
import { Time } from '../../parts/time.js';
import type { Pages } from '../../state/pages.js';

interface TrailTableProps {
  trail: Pages<SecurityEvent>;
  /** Whether events are about several people. */
  withPerson: boolean;
}

/** Events, newest first. */
export function TrailTable({ trail, withPerson }: TrailTableProps) {
  const titles = ['When', 'What', ...(withPerson ? ['Whose account'] : []), 'By', 'From'];
  return (
    <Loaded resource={trail} what="the trail">
      {({ items, nextCursor }) =>
        items.length === 0 ? (
          <Empty>Nothing of that kind has happened.</Empty>
        ) : (
          <>
            <table role="table" class="cards trail">
              <caption class="visually-hidden">Events, newest first</caption>
              <thead role="rowgroup">
                <tr role="row">
                  {titles.map((title) => (
                    <th role="columnheader" scope="col" key={title}>
                      {title}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody role="rowgroup">
                {items.map((event) => (
                  <EventRow key={event.id} event={event} withPerson={withPerson} />
                ))}
              </tbody>
            </table>
            <More hasMore={nextCursor !== null} onMore={trail.more} />
          </>
        )
      }
    </Loaded>
  );
}

function EventRow({ event, withPerson }: { event: SecurityEvent; withPerson: boolean }) {
  const detail = detailText(event);
  return (
    <tr role="row">
      <td role="cell" data-label="When">
        <Time at={event.at} both />
      </td>
      <td role="cell" data-label="What">
        <span>
          {eventText(event.type)}
          {detail && <span class="second-line">{detail}</span>}
        </span>
      </td>
      {withPerson && (
        <td role="cell" data-label="Whose account">
          {event.userId === null ? 'nobody’s' : <Person id={event.userId} />}
        </td>
      )}
      <td role="cell" data-label="By">
        {event.actorId === null ? (
          '–'
        ) : event.actorId === event.userId ? (
          'the owner'
        ) : (
          <Person id={event.actorId} />
        )}
      </td>
      <td role="cell" data-label="From">
        <span class="digits">{event.ip ?? '–'}</span>
      </td>
    </tr>
  );
}
