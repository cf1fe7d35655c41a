import type { HlsFragmentNotice, ServerEvent, SessionSnapshot } from '../hooks/server-event.ts';
import { lalInfo } from '../lal-info.ts';
import type { RtmpConnect } from '../rtmp/rtmp-observer.ts';
import type { SessionIdentity } from '../sessions/session-record.ts';

/** What is in bodies beyond the event. */
export interface CallbackOrigin {
  readonly serverId: string;
  /** When the server was started, in milliseconds since 1970. */
  readonly startedMs: number;
}

/** The body of a callback: lal's keys, in lal's order. */
export function callbackBody(event: ServerEvent, { serverId, startedMs }: CallbackOrigin): object {
  switch (event.type) {
    case 'server-start':
      return lalInfo(serverId, startedMs);
    case 'update': {
      const groups = event.groups();
      return { server_id: serverId, groups: groups.length === 0 ? null : groups };
    }
    case 'rtmp-connect':
      return connectBody(serverId, event.connect);
    case 'hls-fragment':
      return fragmentBody(serverId, event.fragment);
    default:
      return startOrStopBody(serverId, event);
  }
}

/** The part of a session's body that is not its identity. */
export type SessionFacts = Pick<SessionSnapshot, 'hasInput' | 'hasOutput' | 'bytesRead' | 'bytesWritten'>;

/** @param baseType a pull's is left empty, as lal does */
export function sessionBody(
  serverId: string,
  baseType: SessionSnapshot['baseType'],
  session: SessionIdentity,
  facts: SessionFacts,
): object {
  return {
    server_id: serverId,
    session_id: session.id,
    protocol: session.protocol,
    base_type: baseType === 'PULL' ? '' : baseType,
    remote_addr: session.remoteAddress,
    url: session.url,
    app_name: session.appName,
    stream_name: session.streamName,
    url_param: session.urlParam,
    has_in_session: facts.hasInput,
    has_out_session: facts.hasOutput,
    read_bytes_sum: facts.bytesRead,
    wrote_bytes_sum: facts.bytesWritten,
  };
}

/**
 * lal gives sums when publishers and viewers stop, and names a pulled stream as its source does. Behind lal's keys are ours:
 * what a pulled stream is called here, and why a session stopped.
 */
function startOrStopBody(serverId: string, event: Extract<ServerEvent, { session: object }>): object {
  const { session } = event;
  const { baseType, origin, appName, streamName } = session;
  const hasSums = event.type === 'pub-stop' || event.type === 'sub-stop';
  const facts = hasSums ? session : { ...session, bytesRead: 0, bytesWritten: 0 };
  return {
    ...sessionBody(serverId, baseType, { ...session, ...origin }, facts),
    ...(baseType === 'PULL' ? { local_app_name: appName, local_stream_name: streamName } : {}),
    ...('reason' in event ? { end_code: event.reason.code } : {}),
  };
}

function connectBody(serverId: string, connect: RtmpConnect): object {
  return {
    server_id: serverId,
    session_id: connect.sessionId,
    remote_addr: connect.remoteAddress,
    app: connect.app,
    flashVer: connect.flashVer,
    tcUrl: connect.tcUrl,
  };
}

function fragmentBody(serverId: string, fragment: HlsFragmentNotice): object {
  return {
    server_id: serverId,
    event: fragment.event,
    stream_name: fragment.streamName,
    cwd: process.cwd(),
    ts_file: fragment.tsFile,
    live_m3u8_file: fragment.livePlaylistFile,
    record_m3u8_file: fragment.recordPlaylistFile,
    id: fragment.id,
    duration: fragment.durationMs / 1000,
  };
}
