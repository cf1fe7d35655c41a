import { ProtocolError } from '../../bytes/protocol-error.ts';
import { parseRtmpUrl, type RtmpUrl } from '../../protocol/rtmp/rtmp-url.ts';
import { parseRtspUrl } from '../../protocol/rtsp/rtsp-url.ts';
import type { StreamAddress } from '../stream-address.ts';
import { shownPushUrl } from './push-redaction.ts';

/** Where one stream is pushed to. */
export interface PushUrl {
  readonly protocol: 'RTMP' | 'RTSP';
  /** `host:port`, as lal shows the other side of its client sessions. */
  readonly remoteAddress: string;
  /** For people: without what would let its readers publish. */
  readonly shown: string;
  /** What must not be shown: stream keys, queries, passwords. */
  readonly secrets: readonly string[];
  /** For the session, by `protocol`. */
  readonly rtmp: RtmpUrl | undefined;
  readonly rtsp: string | undefined;
}

/** Real ones, with tokens and signatures in the query, stay below 2 KiB. */
const MAX_LENGTH = 8192;
/** scheme, user with its `@`, host and port, and the rest behind the slash. */
const SHAPE = /^((rtmp|rtsp)s?):\/\/([^/?]*@)?([^/?@]*)\/?(.*)$/is;
const PLACE = /\{([^{}]*)\}/g;
const PLACES: ReadonlySet<string> = new Set(['app', 'stream', 'param']);

/**
 * A push URL with places for the names of the stream: `rtmp://host/{app}/{stream}?{param}`. RTMP names go into their
 * places as they are, whatever characters they have; in RTSP URLs they are percent-encoded.
 */
export class PushTemplate {
  readonly text: string;
  readonly protocol: PushUrl['protocol'];
  readonly #scheme: string;
  readonly #userInfo: string;
  readonly #hostAndPort: string;
  readonly #path: string;

  /** @throws ProtocolError `ERR_PUSH_URL`, `ERR_RTMP_URL` or `ERR_RTSP_URL`; its text never holds the URL */
  constructor(text: string) {
    if (text.length > MAX_LENGTH) throw urlError(`the URL is longer than ${MAX_LENGTH} characters`);
    const match = SHAPE.exec(text);
    if (match === null)
      throw urlError('the URL does not start with rtmp://, rtmps://, rtsp:// or rtsps:// and a host');
    this.text = text;
    this.#scheme = match[1]!.toLowerCase();
    this.protocol = match[2]!.toLowerCase() === 'rtmp' ? 'RTMP' : 'RTSP';
    this.#userInfo = match[3] ?? '';
    this.#hostAndPort = match[4]!;
    this.#path = match[5]!;
    if (this.#hostAndPort.includes('{')) throw urlError('the host has no place for names of the stream');
    for (const [, name] of this.#path.matchAll(PLACE)) {
      if (!PLACES.has(name!)) throw urlError('the only places are {app}, {stream} and {param}');
    }
    this.expand({ appName: 'app', streamName: 'stream', urlParam: '' });
  }

  /**
   * The URL for one stream. An empty `param` takes the `?` or `&` before it along.
   * @throws ProtocolError `ERR_RTSP_URL` for names that no RTSP URL can hold
   */
  expand(address: StreamAddress): PushUrl {
    return this.protocol === 'RTMP' ? this.#expandRtmp(address) : this.#expandRtsp(address);
  }

  /** Which part is app and which is stream is the template's matter: a slash in a stream's name does not count. */
  #expandRtmp(address: StreamAddress): PushUrl {
    const places = parseRtmpUrl(`${this.#scheme}://${this.#userInfo}${this.#hostAndPort}/${this.#path}`);
    const fill = (text: string): string => filled(text, address, (name) => name);
    const app = fill(places.app);
    const streamName = fill(places.streamName);
    const rtmp = { ...places, app, streamName, tcUrl: `${this.#scheme}://${this.#hostAndPort}/${app}` };
    const queryAt = streamName.indexOf('?');
    const name = queryAt < 0 ? streamName : streamName.slice(0, queryAt);
    const query = queryAt < 0 ? '' : streamName.slice(queryAt + 1);
    const { password } = places.credentials ?? { password: '' };
    const path = streamName === '' ? app : `${app}/${name}`;
    return {
      protocol: 'RTMP',
      remoteAddress: remoteAddressOf(places),
      ...shownPushUrl({ origin: this.#origin, path, query, password }, address),
      rtmp,
      rtsp: undefined,
    };
  }

  #expandRtsp(address: StreamAddress): PushUrl {
    const { appName, streamName, urlParam } = address;
    // RTMP clients may write a query into the app.
    const names = { appName: appName.split('?', 1)[0]!, streamName, urlParam };
    const template = names.appName === '' ? this.#path.replaceAll('{app}/', '') : this.#path;
    const path = filled(template, names, percentEncoded);
    const rtsp = `${this.#scheme}://${this.#userInfo}${this.#hostAndPort}/${path}`;
    const parsed = parseRtspUrl(rtsp);
    const queryAt = path.indexOf('?');
    const parts = {
      origin: this.#origin,
      path: queryAt < 0 ? path : path.slice(0, queryAt),
      query: queryAt < 0 ? '' : path.slice(queryAt + 1),
      password: parsed.credentials?.password ?? '',
    };
    const remoteAddress = remoteAddressOf(parsed);
    return {
      protocol: 'RTSP',
      remoteAddress,
      ...shownPushUrl(parts, {
        ...names,
        appName: percentEncoded(names.appName),
        streamName: percentEncoded(streamName),
      }),
      rtmp: undefined,
      rtsp,
    };
  }

  get #origin(): string {
    return `${this.#scheme}://${this.#hostAndPort}`;
  }
}

function filled(text: string, address: StreamAddress, encode: (name: string) => string): string {
  const { appName, streamName, urlParam } = address;
  const values: Record<string, string> = {
    app: encode(appName),
    stream: encode(streamName),
    param: urlParam,
  };
  const result = text.replaceAll(PLACE, (_, name: string) => values[name]!);
  return urlParam === '' && text.includes('{param}') ? result.replace(/[?&]+$/, '') : result;
}

/** Slashes stay: what is app and what is stream is the other server's matter. */
function percentEncoded(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replaceAll('%2F', '/');
}

function remoteAddressOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function urlError(message: string): ProtocolError {
  return new ProtocolError('ERR_PUSH_URL', message);
}
