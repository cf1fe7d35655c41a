import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** How a client checks the server it connects to by TLS. */
export interface ClientTlsOptions {
  /** False takes any certificate, expired, self-signed or of another host. True unless said otherwise. */
  readonly verifyCertificate?: boolean | undefined;
  /** Certificates in PEM form to trust instead of the system's. */
  readonly certificateAuthorities?: string | undefined;
}

/** Where a client connects to. */
export interface ClientTarget {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
}

/** Opens a client's connection: TCP, or TLS. @param onConnected TLS is up, where there is TLS */
export function openClientSocket(
  { host, port, isSecure }: ClientTarget,
  tls: ClientTlsOptions,
  onConnected: () => void,
): Socket {
  if (!isSecure) return connectTcp({ host, port, noDelay: true }, onConnected);
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
