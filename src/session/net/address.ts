import { isIPv4, isIPv6, SocketAddress, type Socket } from 'node:net';

/** `ip:port` of the other side, IPv6 in brackets; empty once the socket is closed. */
export function remoteAddressOf(socket: Socket): string {
  const host = remoteHostOf(socket);
  if (host === '') return '';
  return host.includes(':') ? `[${host}]:${socket.remotePort}` : `${host}:${socket.remotePort}`;
}

/** The other side's address alone; empty once the socket is closed. */
export function remoteHostOf({ remoteAddress }: Socket): string {
  return plainHost(remoteAddress);
}

/** An address as sockets of one family write it: IPv4 without the prefix that dual-stack sockets give it, and no zone. */
export function plainHost(address: string | undefined): string {
  const [host = ''] = (address ?? '').split('%', 1);
  return host.startsWith('::ffff:') ? host.slice('::ffff:'.length) : host;
}

/** The host of an `ip:port` as `remoteAddressOf` writes it; empty for an empty one. */
export function hostOf(remoteAddress: string): string {
  const host = remoteAddress.slice(0, Math.max(remoteAddress.lastIndexOf(':'), 0));
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

/**
 * An IP address that somebody wrote, in the form that sockets give: IPv6 short and in lower case, IPv4 without prefix, no
 * zone.
 * @returns `undefined` for what is no IP address
 */
export function ipInNormalForm(text: string): string | undefined {
  const [ip = ''] = text.split('%', 1);
  if (isIPv4(ip)) return ip;
  return isIPv6(ip) ? plainHost(new SocketAddress({ address: ip, family: 'ipv6' }).address) : undefined;
}
