import type { Session } from '../api/types.js';
import { Alert } from '../parts/alert.js';
import { deviceName } from '../parts/device-name.js';
import { Time } from '../parts/time.js';

interface MakeRoomProps {
  sessions: Session[];
  busy: boolean;
  onChoose: (session: Session) => void;
  onBack: () => void;
}

/** The account is logged in as often as it may be: which session is to end for this one? */
export function MakeRoom({ sessions, busy, onChoose, onBack }: MakeRoomProps) {
  return (
    <>
      <Alert kind="warning">
        This account is logged in as often as it may be. End one of its sessions to get in.
      </Alert>
      <ul class="choices">
        {sessions.map((session) => (
          <li key={session.id}>
            <span>
              {deviceName(session)}
              <span class="second-line">
                {session.ip}, last seen <Time at={session.lastSeenAt} />
              </span>
            </span>
            <button
              type="button"
              disabled={busy}
              aria-label={`End and log in: ${deviceName(session)}, ${session.ip}`}
              onClick={() => onChoose(session)}
            >
              End and log in
            </button>
          </li>
        ))}
      </ul>
      <button type="button" onClick={onBack}>
        Back
      </button>
    </>
  );
}
