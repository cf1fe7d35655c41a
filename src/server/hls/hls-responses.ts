import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { PlaylistDocument } from '../../output/hls/playlist-document.ts';
import { acceptsGzip, entityAnswer, type Entity } from '../../session/http/entity-answer.ts';
import { sendBody } from '../../session/http/body-sender.ts';
import { corsHeaders, SERVER_NAME } from '../http/http-headers.ts';
import type { ServerContext } from '../server-context.ts';
import type { FoundFragment } from './hls-files.ts';

const compress = promisify(gzip);

/** The registered types (RFC 8216, section 10; RFC 3555). */
const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
const FRAGMENT_TYPE = 'video/mp2t';

/** Sends lists and fragments: conditions, ranges, compression, and an end for those who do not take what they asked for. */
export class HlsResponses {
  readonly #context: ServerContext;
  /** Lists in their compressed form, as long as somebody has the list. */
  readonly #compressed = new WeakMap<PlaylistDocument, Promise<Uint8Array>>();

  constructor(context: ServerContext) {
    this.#context = context;
  }

  /** @returns bytes of body sent */
  async playlist(
    request: IncomingMessage,
    response: ServerResponse,
    document: PlaylistDocument,
  ): Promise<number> {
    const isCompressed = acceptsGzip(request.headers);
    const bytes = isCompressed ? await this.#compress(document) : document.bytes;
    const { etag, modifiedMs } = document;
    const entity = {
      length: bytes.length,
      etag: isCompressed ? etag.replace(/"$/, '-gzip"') : etag,
      modifiedMs,
      hasRanges: false,
    };
    const coding = isCompressed ? { 'Content-Encoding': 'gzip' } : {};
    const headers = { 'Content-Type': PLAYLIST_TYPE, Vary: 'Accept-Encoding', ...coding };
    return this.#send(request, response, entity, headers, (start, end) => bytes.subarray(start, end));
  }

  /** Closes the file, if it is one. @returns bytes of body sent */
  async fragment(request: IncomingMessage, response: ServerResponse, found: FoundFragment): Promise<number> {
    const length = 'bytes' in found ? found.bytes.length : found.length;
    const { modifiedMs } = found;
    // Fragments are written once, under names that nobody uses twice.
    const etag = `"${length.toString(36)}-${Math.round(modifiedMs).toString(36)}"`;
    const headers = { 'Content-Type': FRAGMENT_TYPE };
    const entity = { length, etag, modifiedMs, hasRanges: true };
    try {
      return await this.#send(request, response, entity, headers, (start, end) =>
        'bytes' in found ? found.bytes.subarray(start, end) : found.stream(start, end),
      );
    } finally {
      if ('close' in found) await found.close();
    }
  }

  async #send(
    request: IncomingMessage,
    response: ServerResponse,
    entity: Entity,
    ownHeaders: Readonly<Record<string, string>>,
    bodyOf: (start: number, end: number) => Parameters<typeof sendBody>[1],
  ): Promise<number> {
    const { clock, config } = this.#context;
    const { status, headers, body } = entityAnswer(request.method, request.headers, entity, clock.wallMs());
    const common = { Server: SERVER_NAME, 'Cache-Control': 'no-cache', ...corsHeaders };
    response.writeHead(status, { ...common, ...ownHeaders, ...headers });
    if (body === undefined || body.start === body.end) {
      response.end();
      return 0;
    }
    const length = body.end - body.start;
    await sendBody(
      response,
      bodyOf(body.start, body.end),
      length,
      clock,
      config.limits.viewer_stall_timeout_ms,
    );
    return length;
  }

  #compress(document: PlaylistDocument): Promise<Uint8Array> {
    let compressed = this.#compressed.get(document);
    if (compressed === undefined) {
      compressed = compress(document.bytes);
      this.#compressed.set(document, compressed);
    }
    return compressed;
  }
}
