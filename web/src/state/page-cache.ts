import { announcement } from './announce.js';
import { askWho, rotated, who } from './who.js';

/**
 * Shows nothing of before when the browser brings the page back as it was left: it has heard nothing meanwhile, and somebody
 * else may be at the device, or nobody be logged in.
 */
export function distrustPageCache(): void {
  // What is kept is what is painted first.
  addEventListener('pagehide', ({ persisted }) => {
    if (persisted) document.body.hidden = true;
  });
  addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return;
    who.value = { is: 'asking' };
    announcement.value = '';
    // After the pages of before have gone.
    setTimeout(() => (document.body.hidden = false));
    void rotated().then(askWho);
  });
}
