import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { DEFAULT_CHUNK_READER_LIMITS } from '../../protocol/rtmp/chunk-reader.ts';
import { RtmpServerConnection } from '../../protocol/rtmp/server-connection.ts';
import { RtmpServerSession } from '../../session/rtmp/server-session.ts';
import { listen, type Listener } from '../listeners/listener.ts';
import type { RtmpService } from './rtmp-service.ts';
import type { ServerContext } from '../server-context.ts';
import type { TlsCertificateSource } from '../tls/certificate-source.ts';

/** Opens the RTMP port. */
export async function listenRtmp(service: RtmpService, context: ServerContext): Promise<Listener> {
  const server = createServer({ noDelay: true }, (socket) => {
    if (context.guard.admit(socket)) startSession(service, context, socket);
  });
  return listen(server, 'rtmp', context.config.rtmp.addr, context.logger);
}

/** Opens the RTMPS port. */
export async function listenRtmps(
  service: RtmpService,
  context: ServerContext,
  certificate: TlsCertificateSource,
): Promise<Listener> {
  const handshakeTimeout = context.config.limits.handshake_timeout_ms;
  const server = createTlsServer({ ...certificate.current, noDelay: true, handshakeTimeout });
  certificate.attach(server);
  // Counted from the first byte on: a TLS handshake that never ends holds a socket too.
  server.on('connection', (socket) => context.guard.admit(socket));
  server.on('secureConnection', (socket) => startSession(service, context, socket));
  server.on('tlsClientError', (error, socket) => {
    // Node leaves a handshake that took too long as it is.
    socket.destroy();
    context.logger.debug(
      { code: (error as NodeJS.ErrnoException).code },
      `rtmps: TLS handshake failed: ${error.message}`,
    );
  });
  return listen(server, 'rtmps', context.config.rtmp.rtmps_addr, context.logger);
}

function startSession(service: RtmpService, { config, clock }: ServerContext, socket: Socket): void {
  const { limits } = config;
  const connection = new RtmpServerConnection({
    limits: { ...DEFAULT_CHUNK_READER_LIMITS, maxMessageLength: limits.max_message_bytes },
  });
  const session = new RtmpServerSession(
    socket,
    connection,
    service,
    {
      handshakeTimeoutMs: limits.handshake_timeout_ms,
      admissionTimeoutMs: limits.admission_timeout_ms,
      admissionBufferBytes: limits.admission_buffer_bytes,
      publisherIdleTimeoutMs: limits.idle_timeout_ms,
    },
    clock,
  );
  service.add(session);
}
