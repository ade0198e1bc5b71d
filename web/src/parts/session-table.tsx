import { useEffect } from 'preact/hooks';
import type { Session } from '../api/types.js';
import { whenAttended } from '../state/attention.js';
import { now } from '../state/clock.js';
import { deviceName } from './device-name.js';
import { DeviceIcon } from './icons.js';
import { Time } from './time.js';

interface SessionTableProps {
  sessions: Session[];
  /** Read out as the table's name. */
  caption: string;
  /** What the button of a row says, such as “End”. */
  verb: string;
  onEnd: (session: Session) => void;
  /** A session that is shown has probably expired. */
  onExpired: () => void;
}

/** Sessions, one a row; on a narrow screen one a card. */
export function SessionTable({ sessions, caption, verb, onEnd, onExpired }: SessionTableProps) {
  const expired = sessions.filter((session) => Date.parse(session.expiresAt) < now.value).length;
  // Nobody is told when a session expires.
  useEffect(() => {
    if (expired > 0) whenAttended('expired', onExpired);
  }, [expired]);
  return (
    // Rows that are shown as cards would not be a table any more to some screen readers; the roles say that they are.
    <table role="table" class="cards sessions">
      <caption class="visually-hidden">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {['Device', 'Address', 'Started', 'Last seen', 'Expires'].map((title) => (
            <th role="columnheader" scope="col">
              {title}
            </th>
          ))}
          <th role="columnheader" scope="col">
            <span class="visually-hidden">Action</span>
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {sessions.map((session) => (
          <SessionRow key={session.id} session={session} verb={verb} onEnd={onEnd} />
        ))}
      </tbody>
    </table>
  );
}

type RowProps = Pick<SessionTableProps, 'verb' | 'onEnd'> & { session: Session };

function SessionRow({ session, verb, onEnd }: RowProps) {
  const name = deviceName(session);
  return (
    <tr role="row" class={session.current ? 'current' : undefined}>
      <th role="rowheader" scope="row">
        <span class="device">
          <DeviceIcon type={session.device.type} />
          <span>
            {name} {session.current && <span class="badge">This session</span>}
            {!session.device.browser && session.userAgent && (
              <span class="second-line clip">{session.userAgent}</span>
            )}
          </span>
        </span>
      </th>
      <td role="cell" data-label="Address" class="digits">
        {session.ip || 'unknown'}
      </td>
      <td role="cell" data-label="Started">
        <Time at={session.createdAt} both />
      </td>
      <td role="cell" data-label="Last seen">
        <Time at={session.lastSeenAt} />
      </td>
      <td role="cell" data-label="Expires">
        <span>
          <Time at={session.expiresAt} ahead /> if unused
          <span class="second-line">
            <Time at={session.absoluteExpiresAt} ahead /> at the latest
          </span>
        </span>
      </td>
      <td role="cell" class="row-action">
        <button
          type="button"
          class="danger-quiet"
          aria-label={`${verb}: ${name}, ${session.ip}`}
          onClick={() => onEnd(session)}
        >
          {verb}
        </button>
      </td>
    </tr>
  );
}
