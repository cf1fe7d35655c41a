import type { Socket } from 'node:net';
import type { RtspUrl } from '../../protocol/rtsp/rtsp-url.ts';
import { openClientSocket, type ClientTlsOptions } from '../net/client-socket.ts';
import { UdpPortPool } from '../net/udp-port-pool.ts';
import type { UdpPorts } from '../net/udp-port-pool.ts';

/** Where a client's sockets come from. */
export interface RtspClientNetwork {
  /** Opens the connection of a URL: TCP, or TLS for `rtsps`. @param onConnected TLS is up, where there is TLS */
  connect(url: RtspUrl, tls: ClientTlsOptions, onConnected: () => void): Socket;
  readonly udpPorts: UdpPorts;
}

/**
 * The machine's own network.
 * @param udpPorts those of the server, where there is one; else pairs between 30000 and 60000, as lal's clients have them
 */
export function systemNetwork(udpPorts: UdpPorts = defaultUdpPorts): RtspClientNetwork {
  return { connect, udpPorts };
}

/** One for all sessions of the process, so that they do not try each other's ports. */
const defaultUdpPorts = new UdpPortPool({ minPort: 30_000, maxPort: 60_000 });

function connect(url: RtspUrl, tls: ClientTlsOptions, onConnected: () => void): Socket {
  const { scheme, host, port } = url;
  return openClientSocket({ host, port, isSecure: scheme === 'rtsps' }, tls, onConnected);
}
