import { ProtocolError } from '../../../bytes/protocol-error.ts';
import type { StreamAddress } from '../../stream-address.ts';
import { parsePullUrl, type PullUrl } from './pull-url.ts';

/** scheme with host, then path and query. */
const SHAPE = /^([a-z]+:\/\/[^/?]*)(.*)$/is;
const PLACE = /\{([^{}]*)\}/g;
const PLACES: ReadonlySet<string> = new Set(['app', 'stream', 'param']);

/**
 * A URL with places for the names of the stream that is asked for: `http://origin/{app}/{stream}.flv?{param}`. RTMP names
 * go into their places as they are; elsewhere they are percent-encoded.
 */
export class PullTemplate {
  readonly #origin: string;
  readonly #path: string;
  readonly #isRtmp: boolean;

  /** @throws {ProtocolError} `ERR_PULL_URL`, `ERR_RTMP_URL` or `ERR_RTSP_URL`; its text never holds the URL */
  constructor(text: string) {
    const [, origin = '', path = ''] = SHAPE.exec(text) ?? [];
    if (origin.includes('{'))
      throw urlError('user and host of the URL have no place for names of the stream');
    for (const [, name] of path.matchAll(PLACE)) {
      if (!PLACES.has(name!)) throw urlError('the only places are {app}, {stream} and {param}');
    }
    this.#origin = origin;
    this.#path = path;
    this.#isRtmp = /^rtmps?:/i.test(origin);
    this.expand({ appName: 'app', streamName: 'stream', urlParam: '' });
  }

  /**
   * The URL for one stream. An empty `param` takes the `?` or `&` before it along.
   * @param address as viewers have it; RTMP clients may write a query into the app, which is left out
   * @throws {ProtocolError} for names that no such URL can hold
   */
  expand(address: StreamAddress): PullUrl {
    const { streamName, urlParam } = address;
    const appName = address.appName.split('?', 1)[0]!;
    const encode = this.#isRtmp ? (name: string): string => name : percentEncoded;
    const values: Record<string, string> = {
      app: encode(appName),
      stream: encode(streamName),
      param: withoutFragment(urlParam),
    };
    // RTMP has an app, if an empty one; a path has no empty part.
    const path = appName === '' && !this.#isRtmp ? this.#path.replaceAll('{app}/', '') : this.#path;
    const filled = path.replaceAll(PLACE, (_, name: string) => values[name]!);
    const isWithoutParam = values['param'] === '' && path.includes('{param}');
    return parsePullUrl(this.#origin + (isWithoutParam ? filled.replace(/[?&]+$/, '') : filled));
  }
}

/**
 * lal's form of an origin: `host:port`, of RTMP, with the same names and without parameters.
 * @throws {ProtocolError} for an address that is none
 */
export function lalTemplate(addr: string): PullTemplate {
  if (/[/?{]/.test(addr)) throw urlError('an address is host:port');
  return new PullTemplate(`rtmp://${addr}/{app}/{stream}`);
}

/** Slashes stay: what is app and what is stream is the origin's matter. */
function percentEncoded(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replaceAll('%2F', '/');
}

/** What a viewer sends must not end the query early. */
function withoutFragment(urlParam: string): string {
  return urlParam.split('#', 1)[0]!;
}

function urlError(message: string): ProtocolError {
  return new ProtocolError('ERR_PULL_URL', message);
}
