import { ProtocolError } from '../../bytes/protocol-error.ts';
import { parseRtmpUrl, type RtmpUrl } from '../../protocol/rtmp/rtmp-url.ts';
import type { StreamAddress } from '../stream-address.ts';
import { checkUrlLength, relayUrlError, type StreamUrl } from './relay-url.ts';

/** What URLs are for: pulling or pushing. */
export interface UrlPurpose<Url> {
  /** Those that are possible, in lower case. */
  readonly schemes: readonly string[];
  /** @throws {ProtocolError} for a URL that cannot be used */
  readonly urlOf: (url: StreamUrl, address: StreamAddress) => Url;
}

/** scheme, user and host, and the rest with its slash or question mark. */
const SHAPE = /^([a-z]+):\/\/([^/?]*)(.*)$/is;
const PLACE = /\{([^{}]*)\}/g;
const PLACES: ReadonlySet<string> = new Set(['app', 'stream', 'param']);
// oxlint-disable-next-line no-control-regex -- they would end the query, or the request line, early
const NOT_FIT_FOR_QUERY = /[\x00-\x20\x7f"#<>]/g;

/**
 * A URL with places for the names of a stream: `rtmp://host/{app}/{stream}?{param}`. In RTMP they go into their places as
 * they are, whatever characters they have; elsewhere they are percent-encoded, but for slashes, and a query that RTMP
 * clients write into the app is left out.
 */
export class UrlTemplate<Url> {
  readonly text: string;
  /** In lower case. */
  readonly scheme: string;
  readonly #purpose: UrlPurpose<Url>;
  readonly #authority: string;
  readonly #path: string;
  /** What is app and what is stream is the template's matter: a slash in a name does not count. */
  readonly #rtmp: RtmpUrl | undefined;

  /** @throws {ProtocolError} `ERR_RELAY_URL`, `ERR_RTMP_URL` or `ERR_RTSP_URL`; its text never holds the URL */
  constructor(text: string, purpose: UrlPurpose<Url>) {
    checkUrlLength(text);
    const [, scheme = '', authority = '', path = ''] = SHAPE.exec(text) ?? [];
    this.text = text;
    this.scheme = scheme.toLowerCase();
    this.#purpose = purpose;
    this.#authority = authority;
    this.#path = path;
    if (!purpose.schemes.includes(this.scheme)) throw relayUrlError(schemesText(purpose.schemes));
    if (authority.includes('{'))
      throw relayUrlError('user and host of the URL have no place for names of the stream');
    for (const [, name] of path.matchAll(PLACE)) {
      if (!PLACES.has(name!)) throw relayUrlError('the only places are {app}, {stream} and {param}');
    }
    this.#rtmp = this.scheme.startsWith('rtmp') ? parseRtmpUrl(text) : undefined;
    this.expand({ appName: 'app', streamName: 'stream', urlParam: '' });
  }

  /**
   * The URL for one stream. An empty `param` takes the `?` or `&` before it along.
   * @throws {ProtocolError} for names that no such URL can hold
   */
  expand(address: StreamAddress): Url {
    const url = this.#rtmp === undefined ? this.#fill(address) : this.#fillRtmp(this.#rtmp, address);
    checkUrlLength(url.text);
    return this.#purpose.urlOf(url, address);
  }

  #fillRtmp(places: RtmpUrl, address: StreamAddress): StreamUrl {
    const app = filled(places.app, address);
    const streamName = filled(places.streamName, address);
    const path = streamName === '' ? app : `${app}/${streamName}`;
    return {
      text: `${this.scheme}://${this.#authority}/${path}`,
      rtmp: {
        ...places,
        app,
        streamName,
        tcUrl: places.tcUrl.slice(0, places.tcUrl.length - places.app.length) + app,
      },
    };
  }

  #fill(address: StreamAddress): StreamUrl {
    const appName = address.appName.split('?', 1)[0]!;
    // A path has no empty part.
    const path = appName === '' ? this.#path.replaceAll('{app}/', '') : this.#path;
    const names = {
      appName: encodePath(appName),
      streamName: encodePath(address.streamName),
      urlParam: address.urlParam.replaceAll(NOT_FIT_FOR_QUERY, (character) => encodeURIComponent(character)),
    };
    return { text: `${this.scheme}://${this.#authority}${filled(path, names)}`, rtmp: undefined };
  }
}

/**
 * lal's form of a server: `host:port`, asked for the same names by RTMP.
 * @param query `?{param}` where the query of the publisher is passed on
 * @throws {ProtocolError} for an address that is none
 */
export function addressTemplate<Url>(
  addr: string,
  query: '' | '?{param}',
  purpose: UrlPurpose<Url>,
): UrlTemplate<Url> {
  if (/[/?{]/.test(addr)) throw relayUrlError('an address is host:port');
  return new UrlTemplate(`rtmp://${addr}/{app}/{stream}${query}`, purpose);
}

/** Why the URL of `make` cannot be used; `undefined` when it can. */
export function urlProblemOf(make: () => unknown): string | undefined {
  try {
    void make();
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.message;
    throw error;
  }
}

/** As names stand in the path of a URL. Slashes stay: what is app and what is stream is the other server's matter. */
export function encodePath(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replaceAll('%2F', '/');
}

function filled(text: string, { appName, streamName, urlParam }: StreamAddress): string {
  const values: Record<string, string> = { app: appName, stream: streamName, param: urlParam };
  const result = text.replaceAll(PLACE, (_, name: string) => values[name]!);
  return urlParam === '' && text.includes('{param}') ? result.replace(/[?&]+$/, '') : result;
}

/** What is wrong with a URL of none of these schemes. */
export function schemesText(schemes: readonly string[]): string {
  const starts = schemes.map((scheme) => `${scheme}://`);
  return `the URL does not start with ${starts.slice(0, -1).join(', ')} or ${starts.at(-1)}`;
}
