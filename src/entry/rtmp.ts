/** RTMP: wire types, connections without sockets, sessions with them. */
export * from '../protocol/rtmp/chunk-reader.ts';
export * from '../protocol/rtmp/chunk-writer.ts';
export * from '../protocol/rtmp/client-connection.ts';
export * from '../protocol/rtmp/command.ts';
export { type RtmpConnectRequest } from '../protocol/rtmp/connect-command.ts';
export * from '../protocol/rtmp/message.ts';
export * from '../protocol/rtmp/rtmp-url.ts';
export * from '../protocol/rtmp/server-connection.ts';
export * from '../protocol/rtmp/stream-name.ts';
export * from '../session/rtmp/client-session.ts';
export {
  RtmpServerSession,
  type RtmpPlayAdmission,
  type RtmpPublishTarget,
  type RtmpSessionHandler,
  type RtmpSessionLimits,
} from '../session/rtmp/server-session.ts';
export { SocketSink } from '../session/net/socket-sink.ts';
export { type StreamFeed } from '../session/net/stream-session.ts';
export { rtmpOutput } from '../output/rtmp-output.ts';
