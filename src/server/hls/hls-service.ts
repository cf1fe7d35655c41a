import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Buffer } from 'node:buffer';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { EndReason } from '../../media/end-reason.ts';
import { PlaylistDocument } from '../../output/hls/playlist-document.ts';
import { withViewerId } from '../../protocol/hls/playlist-text.ts';
import { remoteAddressOf, remoteHostOf } from '../../session/net/address.ts';
import type { HlsFiles } from './hls-files.ts';
import {
  parseHlsPath,
  type HlsFragmentTarget,
  type HlsPathRules,
  type HlsPlaylistTarget,
} from './hls-path.ts';
import { HlsResponses } from './hls-responses.ts';
import { HlsViewers } from './hls-viewers.ts';
import { corsHeaders, SERVER_NAME } from '../http/http-headers.ts';
import { answer } from '../http/http-listener.ts';
import { statusOfRefusal } from '../http/http-refusal.ts';
import type { HttpRoute } from '../http/http-routes.ts';
import type { ServerContext } from '../server-context.ts';

/** Requests that one connection may have under way; HTTP/1.1 players use one. */
const MAX_PIPELINED = 16;

/** HTTP and HTTPS requests for HLS lists and fragments. */
export class HlsService implements HttpRoute {
  readonly pattern: string;
  readonly #context: ServerContext;
  readonly #files: HlsFiles;
  readonly #responses: HlsResponses;
  readonly #viewers: HlsViewers;
  readonly #pending = new WeakMap<Socket, number>();
  #isClosing = false;
  #sentBytes = 0;

  constructor(context: ServerContext, files: HlsFiles) {
    this.#context = context;
    this.#files = files;
    this.#responses = new HlsResponses(context);
    this.#viewers = new HlsViewers(context);
    this.pattern = context.config.hls.url_pattern;
  }

  /** Bytes of lists and fragments that were sent, to whomever. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  request(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    const pending = (this.#pending.get(socket) ?? 0) + 1;
    if (this.#context.streamingSockets.has(socket) || pending > MAX_PIPELINED) {
      socket.destroy(new ProtocolError('ERR_HTTP_PIPELINED', 'too many requests at once'));
      return true;
    }
    if (this.#isClosing) response.shouldKeepAlive = false;
    this.#pending.set(socket, pending);
    this.#answer(request, response)
      .catch((error: unknown) => this.#failed(response, error))
      .finally(() => this.#pending.set(socket, this.#pending.get(socket)! - 1));
    return true;
  }

  upgrade(): boolean {
    return false;
  }

  /** To be called about once a second. */
  tick(nowMs: number): void {
    this.#viewers.tick(nowMs);
    this.#files.tick(nowMs);
  }

  closeSessions(reason: EndReason): void {
    this.#isClosing = true;
    this.#viewers.closeAll(reason);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = parseHlsPath(request.url ?? '', this.#pathRules);
    if (typeof target === 'number') {
      answer(response, target);
      return;
    }
    const { gate, logger } = this.#context;
    const remoteHost = remoteHostOf(request.socket);
    const objection = gate.fetchHls({ ...target.address, kind: target.kind, remoteHost });
    if (objection !== undefined) {
      const { code, detail, message } = objection;
      logger.info({ remote: remoteHost, url: request.url, code, detail }, `hls: refused: ${message}`);
      answer(response, statusOfRefusal(objection));
    } else if (target.kind === 'playlist') await this.#playlist(request, response, target);
    else await this.#fragment(request, response, target);
  }

  async #playlist(
    request: IncomingMessage,
    response: ServerResponse,
    target: HlsPlaylistTarget,
  ): Promise<void> {
    const viewerId = this.#viewerIdOf(request);
    if (this.#viewers.isTracking && viewerId === undefined && request.method === 'GET') {
      await this.#startViewer(request, response, target);
      return;
    }
    const isUnknown = viewerId !== undefined && !this.#viewers.see(viewerId, [target.streamKey]);
    const document = isUnknown ? undefined : await this.#files.playlist(target.folder, target.list);
    if (document === undefined) {
      answer(response, 404);
      return;
    }
    const own = viewerId === undefined ? document : documentFor(viewerId, document);
    const sent = await this.#responses.playlist(request, response, own);
    this.#sent(viewerId, sent);
  }

  async #fragment(
    request: IncomingMessage,
    response: ServerResponse,
    target: HlsFragmentTarget,
  ): Promise<void> {
    const viewerId = this.#viewerIdOf(request);
    const streamKeys = target.places.map(({ streamKey }) => streamKey);
    const isUnknown = viewerId !== undefined && !this.#viewers.see(viewerId, streamKeys);
    for (const { folder } of isUnknown ? [] : target.places) {
      const found = await this.#files.fragment(folder, target.name);
      if (found === undefined) continue;
      const sent = await this.#responses.fragment(request, response, found);
      this.#sent(viewerId, sent);
      return;
    }
    answer(response, 404);
  }

  #sent(viewerId: string | undefined, bytes: number): void {
    this.#sentBytes += bytes;
    if (viewerId !== undefined) this.#viewers.addBytes(viewerId, bytes);
  }

  /** Sends a new viewer to the same list, with an id of its own in the URL. */
  async #startViewer(
    request: IncomingMessage,
    response: ServerResponse,
    { address }: HlsPlaylistTarget,
  ): Promise<void> {
    const { url = '', socket } = request;
    const scheme = 'encrypted' in socket ? 'https' : 'http';
    const viewerId = await this.#viewers.start({
      address,
      remoteAddress: remoteAddressOf(socket),
      url: `${scheme}://${request.headers.host ?? ''}${url}`,
    });
    if (typeof viewerId !== 'string') {
      if (this.#isClosing) response.shouldKeepAlive = false;
      answer(response, statusOfRefusal(viewerId));
      return;
    }
    // Two slashes at the start would name another server.
    const path = url.split('?', 1)[0]!.replace(/^\/+/, '/');
    const query = new URLSearchParams(address.urlParam);
    query.set('session_id', viewerId);
    query.sort();
    const headers = { Server: SERVER_NAME, 'Cache-Control': 'no-cache', ...corsHeaders, 'Content-Length': 0 };
    response.writeHead(302, { ...headers, Location: `${path}?${query.toString()}` }).end();
  }

  get #pathRules(): HlsPathRules {
    const { stream_key: keyMode, limits } = this.#context.config;
    return { pattern: this.pattern, keyMode, maxNameBytes: limits.max_stream_name_bytes };
  }

  /** Without tracking an id in the URL means nothing; an empty one is none. */
  #viewerIdOf(request: IncomingMessage): string | undefined {
    const { url = '' } = request;
    const queryAt = url.indexOf('?');
    if (!this.#viewers.isTracking || queryAt < 0) return undefined;
    return new URLSearchParams(url.slice(queryAt + 1)).get('session_id') || undefined;
  }

  #failed(response: ServerResponse, error: unknown): void {
    const { code } = error as NodeJS.ErrnoException;
    this.#context.logger.error(
      { code: 'ERR_HLS_READ', detail: code, error },
      'hls: a file could not be read',
    );
    if (response.headersSent) response.destroy();
    else answer(response, 500);
  }
}

/** The list with the viewer's id in each URI. */
function documentFor(viewerId: string, { bytes, modifiedMs }: PlaylistDocument): PlaylistDocument {
  const text = withViewerId(Buffer.from(bytes).toString(), viewerId);
  return new PlaylistDocument([Buffer.from(text)], modifiedMs);
}
