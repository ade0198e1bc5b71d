import { isIPv4, isIPv6 } from 'node:net';

/** The two sizes in which a client's whereabouts are counted. */
export interface ClientNetworks {
  /** An IPv4 address, or the /64 network of an IPv6 address: whoever has one address of it has all 2^64 of them. */
  address: string;
  /** What one customer of a hosting company has: the /24 network of an IPv4 address, the /48 of an IPv6 address. */
  network: string;
}

// Behind some proxies the last entry of X-Forwarded-For has a port, which would make every connection a new client.
const WITH_PORT = /^(?:(\d+\.\d+\.\d+\.\d+):\d+|\[([^\]]+)\](?::\d+)?)$/;
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const LONGEST_OTHER = 64;

/** Where a client is counted. What is no IP address, such as the name of a socket, is counted as it is, cut to 64 characters. */
export function clientNetworks(ip: string): ClientNetworks {
  const [, ipv4, ipv6] = WITH_PORT.exec(ip) ?? [];
  const [bare = ''] = (ipv4 ?? ipv6 ?? ip).split('%', 1);
  const address = MAPPED_IPV4.exec(bare)?.[1] ?? bare;
  if (isIPv4(address)) return { address, network: `${address.split('.').slice(0, 3).join('.')}.0/24` };
  if (!isIPv6(address)) {
    const other = ip.slice(0, LONGEST_OTHER);
    return { address: other, network: other };
  }
  const groups = groupsOf(address);
  return { address: `${groups.slice(0, 4).join(':')}::/64`, network: `${groups.slice(0, 3).join(':')}::/48` };
}

function groupsOf(ipv6: string): string[] {
  // URL writes the one canonical form: lower case, no leading zeros, the longest run of zeros as «::».
  const [head = '', tail] = new URL(`http://[${ipv6}]/`).hostname.slice(1, -1).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
}
