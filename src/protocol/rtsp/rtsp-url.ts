/**
 * RTSP URLs (RFC 2326, 3.2; RFC 7826, 4.2; ports of RFC 7826, 22.14) and control URLs of SDP (RFC 2326, C.1.1 and C.5).
 *
 * Control URLs are joined as cameras and the common clients do it, not by the rules for relative references: appended
 * behind a slash, even when the base has no slash at its end or ends in a query.
 */
import { ProtocolError } from '../../bytes/protocol-error.ts';

/** The user and password of a URL, percent-decoded. */
export interface RtspCredentials {
  readonly user: string;
  readonly password: string;
}

/** An RTSP URL as a client uses it. */
export interface RtspUrl {
  /** `rtsps` is TLS from the first byte on. */
  readonly scheme: 'rtsp' | 'rtsps';
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  /** Of the URL, else 554 for rtsp and 322 for rtsps. */
  readonly port: number;
  /** For request lines: without user and password, printable ASCII, always with a path. */
  readonly requestUrl: string;
  /** `undefined` when the URL names no user. */
  readonly credentials: RtspCredentials | undefined;
}

const DEFAULT_PORT = { rtsp: 554, rtsps: 322 } as const;

/** Real ones, with tokens and signatures in the query, stay below 2 KiB. */
const MAX_URL_LENGTH = 8192;

/** scheme, authority, and the rest with its slash or question mark. */
const URL_SHAPE = /^(rtsps?):\/\/([^/?]*)(.*)$/is;
/** A user part in which the password has a slash or question mark that should have been percent-encoded. */
const LOOSE_URL_SHAPE = /^(rtsps?):\/\/([^/?:]*:.*?@[^/?@]*)((?:[/?].*)?)$/is;
/** Host in brackets or without colon, then the port. */
const HOST_SHAPE = /^(?:\[([0-9a-f:.]+(?:%[\w.-]+)?)\]|([^:[\]\s@]+))(?::(\d{1,5}))?$/i;
// oxlint-disable-next-line no-control-regex -- they would end the request line or a header early
const CONTROL_CHARACTER = /[\x00-\x1f\x7f]/;
/** Quotes are printable, but would end the `uri` of a digest early. */
const NOT_FIT_FOR_HEADERS = /[^\x21\x23-\x7e]/gu;

/** @throws ProtocolError `ERR_RTSP_URL`; its text never holds the URL, which may contain a password or a token */
export function parseRtspUrl(text: string): RtspUrl {
  if (text.length > MAX_URL_LENGTH)
    throw urlError(`the RTSP URL is longer than ${MAX_URL_LENGTH} characters`);
  const strict = URL_SHAPE.exec(text);
  if (strict === null) throw urlError('an RTSP URL starts with rtsp://host or rtsps://host');
  const isUsable = HOST_SHAPE.test(splitAuthority(strict[2]!).hostAndPort);
  const match = isUsable ? strict : (LOOSE_URL_SHAPE.exec(text) ?? strict);
  const scheme = match[1]!.toLowerCase() as 'rtsp' | 'rtsps';
  const { userInfo, hostAndPort } = splitAuthority(match[2]!);
  const hostMatch = HOST_SHAPE.exec(hostAndPort);
  if (hostMatch === null) throw urlError('the host or port of the RTSP URL is not valid');
  const port = hostMatch[3] === undefined ? DEFAULT_PORT[scheme] : Number(hostMatch[3]);
  if (port < 1 || port > 65_535) throw urlError('the port of the RTSP URL is not between 1 and 65535');
  const path = match[3]!.startsWith('/') ? match[3]! : `/${match[3]!}`;
  return {
    scheme,
    host: hostMatch[1] ?? hostMatch[2]!,
    port,
    requestUrl: printableUrl(`${scheme}://${hostAndPort}${path}`),
    credentials: userInfo === undefined ? undefined : parseCredentials(userInfo),
  };
}

/**
 * The URL that SETUP, PLAY and the like name for a track or for the whole presentation.
 * @param baseUrl of `controlBaseUrl`
 * @param control value of `a=control`; `*`, empty and missing mean the base itself
 * @returns an absolute URL, fit for a request line; of another host when the server says so
 */
export function resolveControlUrl(baseUrl: string, control: string | undefined): string {
  const value = control?.trim() ?? '';
  if (value === '' || value === '*') return baseUrl;
  if (isAbsolute(value)) return withoutUserInfo(value);
  const separator = baseUrl.endsWith('/') || value.startsWith('/') ? '' : '/';
  const base = baseUrl.endsWith('/') && value.startsWith('/') ? baseUrl.slice(0, -1) : baseUrl;
  return printableUrl(`${base}${separator}${value}`);
}

/**
 * The base of control URLs: the first usable of Content-Base, Content-Location and the request's own URL
 * (RFC 2326, C.1.1). Values without scheme and host are taken from the root of the server when they begin with a
 * slash, else they are not usable: one camera firmware sends `192.168.1.57:8086/`.
 */
export function controlBaseUrl(
  requestUrl: string,
  contentBase: string | undefined,
  contentLocation: string | undefined,
): string {
  for (const candidate of [contentBase, contentLocation]) {
    const value = candidate?.trim() ?? '';
    if (isAbsolute(value)) return withoutUserInfo(value);
    if (value.startsWith('/')) return printableUrl(originOf(requestUrl) + value);
  }
  return requestUrl;
}

/**
 * Where a redirect leads. A `Location` without host (`rtsp:///a`, `/a`) stays on the server; one without user keeps
 * the credentials only as long as the host is the same, so that no other host learns them.
 * @throws ProtocolError `ERR_RTSP_URL`
 */
export function resolveRedirect(from: RtspUrl, location: string): RtspUrl {
  const value = location.trim();
  const path = /^(?:rtsps?:\/\/)?(\/.*)$/is.exec(value)?.[1];
  const target = parseRtspUrl(path === undefined ? value : originOf(from.requestUrl) + path);
  if (target.credentials !== undefined) return target;
  const isSameHost = target.host.toLowerCase() === from.host.toLowerCase();
  const isDowngrade = from.scheme === 'rtsps' && target.scheme === 'rtsp';
  return { ...target, credentials: isSameHost && !isDowngrade ? from.credentials : undefined };
}

/** The last @ splits: passwords may contain one. */
function splitAuthority(authority: string): { userInfo: string | undefined; hostAndPort: string } {
  const at = authority.lastIndexOf('@');
  return { userInfo: at < 0 ? undefined : authority.slice(0, at), hostAndPort: authority.slice(at + 1) };
}

function parseCredentials(userInfo: string): RtspCredentials {
  const colon = userInfo.indexOf(':');
  const user = percentDecode(colon < 0 ? userInfo : userInfo.slice(0, colon));
  const password = percentDecode(colon < 0 ? '' : userInfo.slice(colon + 1));
  if (CONTROL_CHARACTER.test(user + password)) {
    throw urlError('the user or password of the RTSP URL has a control character');
  }
  return { user, password };
}

/** A text that is not well encoded is meant as it stands. */
function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Spaces, quotes and letters beyond ASCII are percent-encoded; what is encoded already stays so. */
function printableUrl(url: string): string {
  if (CONTROL_CHARACTER.test(url)) throw urlError('the RTSP URL has a control character');
  return url.toWellFormed().replace(NOT_FIT_FOR_HEADERS, (character) => encodeURIComponent(character));
}

function isAbsolute(value: string): boolean {
  return /^rtsps?:\/\/[^/]/i.test(value);
}

/** Some servers echo the URL that they were asked for, user and password included. */
function withoutUserInfo(url: string): string {
  const match = URL_SHAPE.exec(url);
  if (match === null) return printableUrl(url);
  return printableUrl(`${match[1]!}://${splitAuthority(match[2]!).hostAndPort}${match[3]!}`);
}

/** `scheme://host:port`, without the slash. */
function originOf(requestUrl: string): string {
  const match = URL_SHAPE.exec(requestUrl);
  return match === null ? '' : `${match[1]!}://${match[2]!}`;
}

function urlError(message: string): ProtocolError {
  return new ProtocolError('ERR_RTSP_URL', message);
}
