/** RTSP: messages, connections without sockets, sessions with them. */
export * from '../protocol/rtsp/auth/authenticator.ts';
export { RtspClientAuth } from '../protocol/rtsp/auth/client-auth.ts';
export * from '../protocol/rtsp/client-connection.ts';
export { type RtspClientEvent } from '../protocol/rtsp/client-events.ts';
export * from '../protocol/rtsp/interleaved-packet.ts';
export * from '../protocol/rtsp/rtsp-message.ts';
export * from '../protocol/rtsp/rtsp-reader.ts';
export * from '../protocol/rtsp/rtsp-status.ts';
export * from '../protocol/rtsp/rtsp-url.ts';
export * from '../protocol/rtsp/server-connection.ts';
export * from '../protocol/rtsp/server-events.ts';
export * from '../protocol/rtsp/transport-header.ts';
export * from '../session/rtsp/client-session.ts';
export * from '../session/rtsp/server-handler.ts';
export { RtspServerSession, type RtspSessionLimits } from '../session/rtsp/server-session.ts';
export { RtspIngest } from '../ingest/rtsp/rtsp-ingest.ts';
export { rtspOutput } from '../output/rtsp/rtsp-output.ts';
export { rtspSlotsOf } from '../output/rtsp/rtsp-slots.ts';
