import { ProtocolError } from '../../bytes/protocol-error.ts';

/** An RTMP URL as a client uses it, taken apart as lal does. Nothing but user and password is percent-decoded. */
export interface RtmpUrl {
  readonly scheme: 'rtmp' | 'rtmps';
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  /** Of the URL, else 1935 for rtmp and 443 for rtmps. */
  readonly port: number;
  /** For `connect`: the path without its last element, or all of it when it has only one. */
  readonly app: string;
  /** For `publish` and `play`: the last element and, behind `?`, the query. May be empty. */
  readonly streamName: string;
  /** For `connect`: `scheme://host[:port]/app`, without user and password. */
  readonly tcUrl: string;
  /** For Adobe authentication; `undefined` when the URL names no user. */
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
}

const DEFAULT_PORT = { rtmp: 1935, rtmps: 443 } as const;

/** scheme, authority, and the rest behind the slash. */
const URL_SHAPE = /^(rtmps?):\/\/([^/?]*)(?:\/(.*))?$/is;
/** Host in brackets or without colon, then the port. Node throws at hosts with control characters. */
const HOST_SHAPE = /^(?:\[([0-9a-f:.%]+)\]|([^:[\]\p{Cc}\s]+))(?::(\d{1,5}))?$/iu;

/** @throws ProtocolError `ERR_RTMP_URL` */
export function parseRtmpUrl(text: string): RtmpUrl {
  const match = URL_SHAPE.exec(text);
  if (match === null) throw urlError('an RTMP URL starts with rtmp://host/ or rtmps://host/');
  const scheme = match[1]!.toLowerCase() as 'rtmp' | 'rtmps';
  const authority = match[2]!;
  // The last @ splits: passwords may contain one.
  const at = authority.lastIndexOf('@');
  const hostAndPort = authority.slice(at + 1);
  const hostMatch = HOST_SHAPE.exec(hostAndPort);
  if (hostMatch === null) throw urlError('the host or port of the RTMP URL is not valid');
  const port = hostMatch[3] === undefined ? DEFAULT_PORT[scheme] : Number(hostMatch[3]);
  if (port < 1 || port > 65_535) throw urlError('the port of the RTMP URL is not between 1 and 65535');
  const { app, streamName } = splitPath(match[3] ?? '');
  return {
    scheme,
    host: hostMatch[1] ?? hostMatch[2]!,
    port,
    app,
    streamName,
    tcUrl: `${scheme}://${hostAndPort}/${app}`,
    credentials: at < 0 ? undefined : parseCredentials(authority.slice(0, at)),
  };
}

/**
 * With more than one `?` the URL is of the form `app?vhost=x?token=y/stream`, and the last slash splits wherever it is.
 * Otherwise the query belongs to the stream name, slashes and all.
 */
function splitPath(path: string): { app: string; streamName: string } {
  const firstMark = path.indexOf('?');
  const isVhostStyle = firstMark !== path.lastIndexOf('?');
  const pathEnd = firstMark < 0 || isVhostStyle ? path.length : firstMark;
  const slash = path.slice(0, pathEnd).lastIndexOf('/');
  if (slash >= 0) return { app: path.slice(0, slash), streamName: path.slice(slash + 1) };
  return { app: path.slice(0, pathEnd), streamName: path.slice(pathEnd) };
}

function parseCredentials(userInfo: string): { user: string; password: string } {
  const colon = userInfo.indexOf(':');
  const user = colon < 0 ? userInfo : userInfo.slice(0, colon);
  const password = colon < 0 ? '' : userInfo.slice(colon + 1);
  return { user: percentDecode(user), password: percentDecode(password) };
}

/** A text that is not well encoded is meant as it stands. */
function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The URL itself stays out of the message: it may hold a password or a token. */
function urlError(message: string): ProtocolError {
  return new ProtocolError('ERR_RTMP_URL', message);
}
