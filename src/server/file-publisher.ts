import { FlvFilePump } from '../ingest/flv-file-pump.ts';
import { FlvIngest } from '../ingest/flv-ingest.ts';
import { endReason, endReasonOfError, type EndReason } from '../media/end-reason.ts';
import type { ServerContext } from './server-context.ts';
import type { SessionRecord } from './sessions/session-record.ts';
import type { StreamAddress } from './stream-address.ts';

/** What to put on the air from within the process. */
export interface FilePublishOptions {
  /** An FLV file. */
  readonly path: string;
  readonly appName: string;
  readonly streamName: string;
  /** Starts again at the end, without a seam. */
  readonly loop: boolean;
}

/** A file on the air. */
export interface FilePublisher {
  /** Resolves when it is off the air again, for whatever reason. */
  readonly ended: Promise<EndReason>;
  /** Takes it off the air. */
  close(reason?: EndReason): void;
}

/** @returns an `EndReason` when the stream may not be published */
export async function publishFile(
  context: ServerContext,
  { path, appName, streamName, loop }: FilePublishOptions,
): Promise<FilePublisher | EndReason> {
  const { gate, registry, logger, clock } = context;
  const address: StreamAddress = { appName, streamName, urlParam: '' };
  const admission = await gate.claim(address);
  if ('code' in admission) return admission;
  const stop = new AbortController();
  const ingest = new FlvIngest(admission.publication);
  const record = recordOf(context, address, admission.streamKey, path, (reason) => stop.abort(reason));
  registry.add(record);
  logger.info({ session: record.id, path }, 'publish start');
  const pump = new FlvFilePump({ path, loop, clock, signal: stop.signal });
  const pumped = async (): Promise<EndReason> => {
    try {
      await pump.run(({ type, timestampMs, body }) => ingest.receive(type, timestampMs, body));
      return stop.signal.aborted ? (stop.signal.reason as EndReason) : endReason('source-ended');
    } catch (error) {
      return endReasonOfError(error);
    }
  };
  const run = async (): Promise<EndReason> => {
    const reason = await pumped();
    admission.release();
    registry.remove(record, reason);
    logger.info({ session: record.id, code: reason.code }, 'publish stop');
    return reason;
  };
  return { ended: run(), close: (reason = endReason('kicked')) => stop.abort(reason) };
}

function recordOf(
  { ids, clock }: ServerContext,
  address: StreamAddress,
  streamKey: string,
  path: string,
  close: (reason: EndReason) => void,
): SessionRecord {
  return {
    ...address,
    id: ids.next('CUSTOMIZEPUB'),
    protocol: 'CUSTOMIZE',
    baseType: 'PUB',
    streamKey,
    remoteAddress: '',
    startedMs: clock.wallMs(),
    url: path,
    bytesRead: () => 0,
    bytesWritten: () => 0,
    close,
  };
}
