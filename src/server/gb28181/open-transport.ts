import { networkInterfaces } from 'node:os';
import type { Gb28181MediaHandler, Gb28181Transport } from '../../session/gb28181/media-transport.ts';
import { Gb28181TcpCaller } from '../../session/gb28181/tcp-caller.ts';
import { Gb28181TcpListener, openTcpPort } from '../../session/gb28181/tcp-listener.ts';
import { Gb28181UdpTransport } from '../../session/gb28181/udp-transport.ts';
import type { IpBlacklist } from '../auth/ip-blacklist.ts';
import type { ServerContext } from '../server-context.ts';
import type { Gb28181Way } from './receiver-request.ts';

/** Opens the way that packets of a device come. */
export type OpenTransport = (
  way: Gb28181Way,
  handler: Gb28181MediaHandler,
  context: ServerContext,
  blacklist: Pick<IpBlacklist, 'isListed'>,
) => Promise<Gb28181Transport | undefined>;

/**
 * Opens it on the machine's own network.
 * @returns `undefined` when no port of the range is free
 * @throws the system's error for a port that cannot be had
 */
export const openTransport: OpenTransport = async (way, handler, context, blacklist) => {
  const { clock, config, guard, udpPorts } = context;
  if (way.transport === 'tcp-active') return new Gb28181TcpCaller(way.peer, clock, handler);
  const options = { clock, handler, isKeptOut: (from: string) => blacklist.isListed(from) };
  const host = config.gb28181.listen_host === '' ? anyAddress() : config.gb28181.listen_host;
  if (way.transport === 'tcp') {
    const tcpPort = await openTcpPort(host, way.port, udpPorts);
    if (tcpPort === undefined) return undefined;
    return new Gb28181TcpListener(tcpPort, { ...options, admit: (socket) => guard.admit(socket) });
  }
  const udpPort =
    way.port === 0 ? await udpPorts.open(host, 'publish') : await udpPorts.openAt(host, way.port);
  return udpPort === undefined ? undefined : new Gb28181UdpTransport(udpPort, options);
};

/** All addresses of the machine: those of IPv4 are among those of IPv6, where it has that. */
function anyAddress(): string {
  const addresses = Object.values(networkInterfaces()).flat();
  return addresses.some((address) => address?.family === 'IPv6') ? '::' : '0.0.0.0';
}
