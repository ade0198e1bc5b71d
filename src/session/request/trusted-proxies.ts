import { Logger } from '@nestjs/common';

/** What is asked of Express about its setting `trust proxy`. */
interface ProxySettings {
  get(name: 'trust proxy' | 'trust proxy fn'): unknown;
}

type Trust = (address: string, hop: number) => unknown;

const logger = new Logger('SessionModule');

// Reserved for ever (RFC 1112, section 4) and for packets to be thrown away (RFC 6666): no proxy has them. And no chain
// of proxies is as long as that.
const NOBODYS_ADDRESSES = ['240.0.0.1', '100::1'];
const NOBODYS_HOP = 255;

/**
 * Refuses an Express application that believes everybody's `X-Forwarded-*` headers: any client could give itself any
 * address, so that no limit per address would hold and the trail would say what attackers like.
 *
 * A number of hops is let through with a warning. It is right only where nobody reaches the application but through that
 * many proxies, which nothing here can know.
 * @throws TypeError naming what to set instead
 */
export function refuseTrustInEverybody(express: unknown): void {
  if (!hasSettings(express)) return;
  const trust = express.get('trust proxy fn') as Trust | undefined;
  if (typeof trust === 'function' && NOBODYS_ADDRESSES.some((address) => trust(address, NOBODYS_HOP))) {
    throw new TypeError(
      "SessionModule cannot start: Express's setting 'trust proxy' believes every client about its address and protocol. " +
        "List the addresses or networks of your proxies instead, such as app.set('trust proxy', ['10.0.0.0/8']), or " +
        'leave it unset when there is none.',
    );
  }
  if (typeof express.get('trust proxy') === 'number') {
    logger.warn(
      "Express's setting 'trust proxy' is a number of hops: whoever reaches the application past that many proxies can " +
        'choose his own address. A list of their addresses or networks is safe.',
    );
  }
}

const hasSettings = (express: unknown): express is ProxySettings =>
  typeof express === 'function' && 'get' in express && typeof express.get === 'function';
