/** Requests that go from a server to its client (RFC 2326, 10: S->C), and what the client answers. */
import type { RtspRedirectEvent, RtspStoppedEvent } from './client-events.ts';
import { serializeMethodList } from './method-list.ts';
import { RtspMethod, rtspResponse } from './rtsp-message.ts';
import type { RtspRequest, RtspResponse } from './rtsp-message.ts';
import { RtspStatus } from './rtsp-status.ts';

/** How a client deals with a request. */
export interface ServerRequestAnswer {
  readonly response: RtspResponse;
  /** `undefined`: nothing changes. */
  readonly event: RtspRedirectEvent | RtspStoppedEvent | undefined;
}

/** What a client lets a server ask for. */
const PUBLIC_METHODS = [
  RtspMethod.options,
  RtspMethod.announce,
  RtspMethod.getParameter,
  RtspMethod.setParameter,
  RtspMethod.redirect,
  RtspMethod.teardown,
];

/** A new description is acknowledged and not looked at: changes of codec parameters come in-band too. */
export function answerServerRequest({ method, headers }: RtspRequest): ServerRequestAnswer {
  const response = rtspResponse(
    PUBLIC_METHODS.some((known) => known === method) ? RtspStatus.ok : RtspStatus.notImplemented,
  );
  for (const name of ['CSeq', 'Session']) {
    const value = headers.get(name);
    if (value !== undefined) response.headers.append(name, value);
  }
  if (method === RtspMethod.options) response.headers.append('Public', serializeMethodList(PUBLIC_METHODS));
  return { response, event: eventOf(method, headers.get('Location')) };
}

function eventOf(method: string, location: string | undefined): ServerRequestAnswer['event'] {
  if (method === RtspMethod.teardown) return { type: 'stopped' };
  if (method !== RtspMethod.redirect) return undefined;
  return location === undefined ? { type: 'stopped' } : { type: 'redirect', location };
}
