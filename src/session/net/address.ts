import type { Socket } from 'node:net';

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
