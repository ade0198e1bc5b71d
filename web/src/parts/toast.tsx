import { useEffect } from 'preact/hooks';
import { announcement } from '../state/announce.js';

const SHOWN_MS = 6_000;

/** What was just done, for everybody: shown for a while, and read out. */
export function Toast() {
  const text = announcement.value;
  useEffect(() => {
    const timer = setTimeout(() => (announcement.value = ''), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div class="toast" role="status">
      {text && <p>{text}</p>}
    </div>
  );
}
