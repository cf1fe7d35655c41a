import { FlvTagType } from '../../../container/flv/flv-types.ts';
import { FlvIngest } from '../../../ingest/flv-ingest.ts';
import { endReasonOfError } from '../../../media/end-reason.ts';
import { DEFAULT_CHUNK_READER_LIMITS } from '../../../protocol/rtmp/chunk-reader.ts';
import { SERVER_FOURCCS } from '../../../protocol/rtmp/connect-command.ts';
import type { RtmpMediaEvent } from '../../../protocol/rtmp/server-connection.ts';
import { RtmpClientSession } from '../../../session/rtmp/client-session.ts';
import type { ServerContext } from '../../server-context.ts';
import { ClaimBuffer } from './claim-buffer.ts';
import type { PullRequest, PullSource, PullTarget } from './pull-source.ts';

const TAG_TYPE = { audio: FlvTagType.audio, video: FlvTagType.video, data: FlvTagType.script } as const;

/** A pull by RTMP or RTMPS. */
export function rtmpSource(
  { url, stepTimeoutMs, verifyCertificate }: PullRequest,
  target: PullTarget,
  { config, clock }: ServerContext,
): PullSource {
  const { max_message_bytes: maxMessageLength, idle_timeout_ms: idleTimeoutMs } = config.limits;
  const held = new ClaimBuffer<RtmpMediaEvent>(({ payload }) => payload.length);
  let ingest: FlvIngest | undefined;
  const session = new RtmpClientSession(
    {
      mode: 'play',
      url: url.rtmp ?? url.text,
      fourCcList: [...SERVER_FOURCCS.video, ...SERVER_FOURCCS.audio],
      limits: { ...DEFAULT_CHUNK_READER_LIMITS, maxMessageLength },
      tls: { verifyCertificate },
      connectTimeoutMs: stepTimeoutMs,
      startTimeoutMs: stepTimeoutMs,
      idleTimeoutMs,
      // As lal: viewers at an origin stay, too.
      outlastsPublishers: true,
      clock,
    },
    {
      started: () => void start().catch((error: unknown) => session.end(endReasonOfError(error))),
      media: (event) => held.push(event),
      ended: (reason) => target.ended(reason),
    },
  );
  const start = async (): Promise<void> => {
    session.pause();
    const publication = await target.claim();
    if (publication === undefined) return;
    const flv = new FlvIngest(publication);
    ingest = flv;
    held.open(({ type, timestampMs, payload }) => flv.receive(TAG_TYPE[type], timestampMs, payload));
    session.resume();
  };
  return {
    bytesRead: () => session.bytesRead,
    bytesWritten: () => session.bytesWritten,
    counters: () => ({ damaged: ingest?.damagedMessages ?? 0 }),
    close: (reason) => session.end(reason),
  };
}
