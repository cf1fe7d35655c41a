import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { RtspUrl } from '../../protocol/rtsp/rtsp-url.ts';
import { UdpPortPool } from '../net/udp-port-pool.ts';
import type { UdpPorts } from '../net/udp-port-pool.ts';

/** How a client checks the server of an `rtsps` URL. */
export interface RtspClientTlsOptions {
  /** False takes any certificate, expired, self-signed or of another host. True unless said otherwise. */
  readonly verifyCertificate?: boolean | undefined;
  /** Certificates in PEM form to trust instead of the system's. */
  readonly certificateAuthorities?: string | undefined;
}

/** Where a client's sockets come from. */
export interface RtspClientNetwork {
  /** Opens the connection of a URL: TCP, or TLS for `rtsps`. @param onConnected TLS is up, where there is TLS */
  connect(url: RtspUrl, tls: RtspClientTlsOptions, onConnected: () => void): Socket;
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

function connect(url: RtspUrl, tls: RtspClientTlsOptions, onConnected: () => void): Socket {
  const { scheme, host, port } = url;
  if (scheme === 'rtsp') return connectTcp({ host, port, noDelay: true }, onConnected);
  const socket = connectTls(
    {
      host,
      port,
      rejectUnauthorized: tls.verifyCertificate ?? true,
      // Server Name Indication has no place for addresses (RFC 6066, section 3).
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(tls.certificateAuthorities === undefined ? {} : { ca: tls.certificateAuthorities }),
    },
    onConnected,
  );
  socket.setNoDelay(true);
  return socket;
}
