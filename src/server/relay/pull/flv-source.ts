import { FlvTagType, type FlvTag } from '../../../container/flv/flv-types.ts';
import type { TimedFlvTag } from '../../../container/flv/tag-to-frames.ts';
import { FlvIngest } from '../../../ingest/flv-ingest.ts';
import { MediaPacer } from '../../../ingest/media-pacer.ts';
import { endReason, endReasonOfError, type EndReason } from '../../../media/end-reason.ts';
import { MessageTimes } from '../../../protocol/rtmp/message-times.ts';
import { FlvClientSession } from '../../../session/http/flv-client-session.ts';
import { networkHttpClient, type HttpClient } from '../../../session/http/http-client.ts';
import { SERVER_NAME } from '../../http/http-headers.ts';
import type { ServerContext } from '../../server-context.ts';
import { ClaimBuffer } from './claim-buffer.ts';
import type { PullRequest, PullSource, PullTarget } from './pull-source.ts';

/** Of a file, which comes as fast as the network allows. */
const AHEAD = { aheadMs: 2000, aheadBytes: 16 << 20 } as const;

/** A pull by HTTP-FLV or HTTPS-FLV. A file that lies on a web server is played in real time. */
export class FlvSource implements PullSource {
  readonly #request: PullRequest;
  readonly #target: PullTarget;
  readonly #context: ServerContext;
  readonly #client: HttpClient;
  readonly #session: FlvClientSession;
  /** Times of FLV wrap as those of RTMP. */
  readonly #times = new MessageTimes();
  readonly #held = new ClaimBuffer<FlvTag>(({ body }) => body.length);
  #ingest: FlvIngest | undefined;
  #pacer: MediaPacer<TimedFlvTag> | undefined;
  #file: string | undefined;
  #starting: Promise<void> | undefined;
  /** Why we closed it, perhaps after the file was read and before it was played. */
  #closed: EndReason | undefined;

  constructor(
    request: PullRequest,
    target: PullTarget,
    context: ServerContext,
    client: HttpClient = networkHttpClient({ verifyCertificate: request.verifyCertificate }),
  ) {
    const { idle_timeout_ms: idleTimeoutMs, max_message_bytes: maxTagBytes } = context.config.limits;
    this.#request = request;
    this.#target = target;
    this.#context = context;
    this.#client = client;
    this.#session = new FlvClientSession(
      {
        url: request.url.text,
        client,
        userAgent: SERVER_NAME,
        startTimeoutMs: request.stepTimeoutMs,
        idleTimeoutMs,
        maxTagBytes,
        clock: context.clock,
      },
      {
        started: (file) => void (this.#starting = this.#started(file).catch(this.#failed)),
        tag: (tag) => this.#held.push(tag),
        ended: (reason) => void this.#ended(reason),
      },
    );
  }

  readonly #failed = (error: unknown): void => this.close(endReasonOfError(error));

  bytesRead(): number {
    return this.#session.bytesRead;
  }

  bytesWritten(): number {
    return 0;
  }

  counters(): Record<string, number> {
    return { damaged: this.#ingest?.damagedMessages ?? 0 };
  }

  close(reason: EndReason): void {
    this.#closed ??= reason;
    this.#session.end(reason);
    this.#pacer?.stop();
  }

  async #started(file: string | undefined): Promise<void> {
    this.#file = file;
    if (file !== undefined && file === this.#request.memory.finished) {
      this.close(endReason('source-ended', undefined, 'the file has been played'));
      return;
    }
    this.#session.pause();
    const publication = await this.#target.claim();
    if (publication === undefined) return;
    const ingest = new FlvIngest(publication);
    this.#ingest = ingest;
    const take = ({ type, timestampMs, body }: TimedFlvTag): void => ingest.receive(type, timestampMs, body);
    if (file !== undefined)
      this.#pacer = new MediaPacer(this.#context.clock, AHEAD, { release: take, failed: this.#failed });
    this.#held.open((tag) => {
      const timed = { ...tag, timestampMs: this.#timeOf(tag) };
      if (this.#pacer === undefined) take(timed);
      else this.#pace(this.#pacer, timed);
    });
    await this.#resume();
  }

  #timeOf({ type, timestampMs }: FlvTag): number {
    const kind = type === FlvTagType.video ? 'video' : type === FlvTagType.audio ? 'audio' : 'data';
    return this.#times.unwrap(kind, timestampMs);
  }

  #pace(pacer: MediaPacer<TimedFlvTag>, tag: TimedFlvTag): void {
    const timeUs = tag.type === FlvTagType.script ? undefined : tag.timestampMs * 1000;
    pacer.push(tag, timeUs, tag.body.length);
    if (pacer.hasRoom) return;
    this.#session.pause();
    void this.#resume();
  }

  async #resume(): Promise<void> {
    await this.#pacer?.whenRoom();
    this.#session.resume();
  }

  async #ended(reason: EndReason): Promise<void> {
    this.#client.close();
    // The file has been read; its last seconds, or all of a short one, are still to be played.
    if (reason.code === 'source-ended') {
      await this.#starting;
      await this.#pacer?.whenEmpty();
      if (this.#closed === undefined) this.#request.memory.finished = this.#file;
    }
    this.#target.ended(this.#closed ?? reason);
  }
}
