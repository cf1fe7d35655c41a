/** What is wrong with a request whatever it asks for, and with the bodies it offers or accepts (RFC 2326, 11 and 12). */
import type { ProtocolError } from '../../bytes/protocol-error.ts';
import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import { parseSessionDescription, type SessionDescription } from '../sdp/session-description.ts';
import { RtspMethod, type RtspRequest } from './rtsp-message.ts';
import { RtspStatus } from './rtsp-status.ts';
import type { ReplyHeaders } from './server-replies.ts';
import { SERVER_METHODS } from './server-states.ts';
import { parseSessionHeader } from './session-header.ts';

/** How a request is turned down. */
export interface Refusal {
  readonly status: number;
  readonly headers?: ReplyHeaders | undefined;
}

const SDP_TYPE = 'application/sdp';
/** The only feature of RFC 7826 that is nothing but what RTSP 1.0 has. */
const SUPPORTED_FEATURES: ReadonlySet<string> = new Set(['play.basic']);

/**
 * Checks that come before all others, in this order: version, required features, method.
 * @param version as sent; all of 1.x are answered as 1.0, since some devices count on, and 2.0 is refused, so that those
 *   who know both ask again
 */
export function refusalOfRequest(request: RtspRequest, version: string): Refusal | undefined {
  if (!version.startsWith('1.')) return { status: RtspStatus.versionNotSupported };
  const unsupported = requiredFeatures(request).filter((feature) => !SUPPORTED_FEATURES.has(feature));
  if (unsupported.length > 0) {
    return { status: RtspStatus.optionNotSupported, headers: [['Unsupported', unsupported.join(', ')]] };
  }
  if (SERVER_METHODS.includes(request.method)) return undefined;
  return { status: RtspStatus.notImplemented, headers: [['Public', SERVER_METHODS.join(', ')]] };
}

/** A session that is not this connection's. Requests that name none are taken as this one's, as lal takes them. */
export function namesOtherSession({ headers }: RtspRequest, sessionId: string | undefined): boolean {
  const value = headers.get('Session');
  const id = value === undefined ? undefined : parseSessionHeader(value)?.id;
  return id !== undefined && id !== sessionId;
}

/** 406 for a DESCRIBE that takes no SDP. */
export function refusalOfAccept({ headers }: RtspRequest): Refusal | undefined {
  const types = headers
    .getAll('Accept')
    .flatMap((value) => value.split(','))
    .map(mediaType)
    .filter((type) => type !== '');
  const isAccepted = types.length === 0 || types.some((type) => ACCEPTABLE.has(type));
  return isAccepted ? undefined : { status: RtspStatus.notAcceptable };
}

const ACCEPTABLE: ReadonlySet<string> = new Set([SDP_TYPE, 'application/*', '*/*', '*']);

/** 415 for an ANNOUNCE of something else than SDP. lal's own client names no type at all. */
export function refusalOfContentType({ headers }: RtspRequest): Refusal | undefined {
  const type = mediaType(headers.get('Content-Type') ?? '');
  return type === '' || type === SDP_TYPE ? undefined : { status: RtspStatus.unsupportedMediaType };
}

/** 451 for GET_PARAMETER and SET_PARAMETER with parameters, none of which we have. Empty ones only keep alive. */
export function refusalOfParameters({ method, body }: RtspRequest): Refusal | undefined {
  if (method !== RtspMethod.getParameter && method !== RtspMethod.setParameter) return undefined;
  return body.every((byte) => byte <= 0x20) ? undefined : { status: RtspStatus.parameterNotUnderstood };
}

/** The description in an ANNOUNCE; `undefined` for what is none, or describes nothing. */
export function parseDescription(body: Uint8Array): SessionDescription | undefined {
  return undefinedIfMalformed(() => {
    const description = parseSessionDescription(body);
    return description.media.length > 0 ? description : undefined;
  });
}

/** What a client is told whose bytes could not be read as RTSP. */
export function statusOfError({ code }: ProtocolError): number {
  if (code === 'ERR_RTSP_BODY_TOO_LARGE') return RtspStatus.requestEntityTooLarge;
  return code === 'ERR_RTSP_START_LINE_TOO_LONG' ? RtspStatus.requestUriTooLarge : RtspStatus.badRequest;
}

function requiredFeatures({ headers }: RtspRequest): string[] {
  return [...headers.getAll('Require'), ...headers.getAll('Proxy-Require')]
    .flatMap((value) => value.split(','))
    .map((feature) => feature.trim())
    .filter((feature) => feature !== '');
}

/** Type and subtype in lower case, without parameters. */
function mediaType(value: string): string {
  const [type = ''] = value.split(';', 1);
  return type.trim().toLowerCase();
}
