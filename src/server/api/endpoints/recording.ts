import { resolve } from 'node:path';
import { z } from 'zod';
import type { LiveStream } from '../../../hub/live-stream.ts';
import { formatGoTime } from '../../stats/go-time.ts';
import { ApiCode } from '../api-codes.ts';
import type { ApiContext } from '../api-context.ts';
import { defineEndpoint, type ApiResult, type Endpoint } from '../endpoint.ts';
import { streamKeyFor, streamParameters } from '../stream-parameters.ts';

/** Files of a recording that is stopped are closed within this time, or the answer does not wait for them. */
const STOP_PATIENCE_MS = 5000;

const typeSchema = z.enum(['flv', 'mpegts', 'hls']).meta({
  description:
    '`flv` and `mpegts`: files in the folders of the config’s `record`; `hls`: lists and fragments.',
});

const recordParameters = z.object({ ...streamParameters, type: typeSchema });
type RecordParameters = z.output<typeof recordParameters>;

const recordingSchema = z
  .object({
    stream_name: z
      .string()
      .meta({ description: 'Name of the stream; `app/stream` where apps are kept apart.' }),
    type: typeSchema,
    start_time: z.string().meta({ description: 'When it was begun; its present file may be younger.' }),
    path: z.string().meta({
      description: 'The file that grows, or the folder of HLS; empty between files, and for HLS in memory.',
    }),
    bytes: z.int().meta({ description: 'Of that file; of all HLS fragments since `start_time`.' }),
    duration_ms: z.int().meta({ description: 'The same in media time.' }),
    queued_bytes: z.int().meta({ description: 'What waits for the disk.' }),
    error: z.string().meta({ description: 'Code of what it stands still for, until a next try goes well.' }),
    error_text: z.string().meta({ description: 'The same in words.' }),
  })
  .meta({ id: 'Recording', description: 'A recording that is under way.' });
type Recording = z.output<typeof recordingSchema>;

const startedSchema = z.object({ stream_name: z.string(), type: z.string() });
const stoppedSchema = startedSchema.extend({
  path: z.string().meta({ description: 'As in `/api/stat/recordings`, at the moment of the stop.' }),
});

function recordingsOf({ records, hls, config }: ApiContext): Recording[] {
  const files = records.recordings.map(({ streamKey, kind, startedMs, path, error, ...recording }) => ({
    stream_name: streamKey,
    type: kind,
    start_time: formatGoTime(startedMs),
    path: path ?? '',
    bytes: recording.bytes,
    duration_ms: Math.round(recording.durationMs),
    queued_bytes: recording.queuedBytes,
    error: error?.detail ?? '',
    error_text: error?.message ?? '',
  }));
  const presentations = (hls?.running ?? []).map(({ streamKey, folder, startedMs, failure, ...making }) => ({
    stream_name: streamKey,
    type: 'hls' as const,
    start_time: formatGoTime(startedMs),
    path: config.hls.use_memory_as_disk_flag ? '' : resolve(config.hls.out_path, folder),
    bytes: making.bytes,
    duration_ms: making.durationMs,
    queued_bytes: 0,
    error: failure?.code ?? '',
    error_text: failure?.message ?? '',
  }));
  return [...files, ...presentations];
}

/** @returns the stream while somebody publishes it */
function publishedStream(context: ApiContext, parameters: RecordParameters): LiveStream | undefined {
  const stream = context.hub.get(streamKeyFor(context, parameters));
  return stream?.publication === undefined ? undefined : stream;
}

function start(context: ApiContext, parameters: RecordParameters): ApiResult<z.output<typeof startedSchema>> {
  const stream = publishedStream(context, parameters);
  if (stream === undefined) return { code: ApiCode.groupNotFound };
  const { stream_name, type } = parameters;
  if (type !== 'hls') {
    context.records.start(stream.key, type);
  } else if (context.hls === undefined) {
    return { code: ApiCode.recordingRefused, desp: 'hls is off: hls.enable, hls.enable_https' };
  } else {
    context.hls.start(stream);
  }
  return { data: { stream_name, type } };
}

async function stop(
  context: ApiContext,
  parameters: RecordParameters,
): Promise<ApiResult<z.output<typeof stoppedSchema>>> {
  const stream = publishedStream(context, parameters);
  if (stream === undefined) return { code: ApiCode.groupNotFound };
  const { stream_name, type } = parameters;
  const isThis = (recording: Recording): boolean =>
    recording.stream_name === stream.key && recording.type === type;
  const recording = recordingsOf(context).find(isThis);
  if (recording === undefined) return { code: ApiCode.recordingRefused, desp: 'no such recording' };
  const stopped = type === 'hls' ? context.hls!.stop(stream) : context.records.stop(stream.key, type);
  await withPatience(context, stopped);
  return { data: { stream_name, type, path: recording.path } };
}

/** Waits for files to be closed, unless the disk hangs. */
async function withPatience({ clock }: ApiContext, stopped: Promise<unknown>): Promise<void> {
  let cancel = (): void => {};
  const patience = new Promise<void>((enough) => {
    cancel = clock.after(STOP_PATIENCE_MS, enough);
  });
  await Promise.race([stopped, patience]);
  cancel();
}

/** Recordings of single streams. */
export const recordingEndpoints: readonly Endpoint[] = [
  defineEndpoint({
    path: '/api/stat/recordings',
    call: 'GET',
    changesState: false,
    group: 'Recording',
    summary: 'Extension: what is being recorded',
    parameters: z.object({}),
    data: { schema: z.object({ recordings: z.array(recordingSchema) }), onFailure: { recordings: [] } },
    handle: (context) => ({ data: { recordings: recordingsOf(context) } }),
  }),
  defineEndpoint({
    path: '/api/ctrl/start_record',
    call: 'POST',
    changesState: true,
    group: 'Recording',
    summary: 'Extension: records a stream, from its next key frame to the end of its publication',
    description:
      'What is being recorded already goes on as it is. HLS has to be on in the config; with `hls.auto_start` off only ' +
      'streams for which this call asked have it.',
    parameters: recordParameters,
    data: { schema: startedSchema, onFailure: { stream_name: '', type: '' } },
    handle: start,
  }),
  defineEndpoint({
    path: '/api/ctrl/stop_record',
    call: 'POST',
    changesState: true,
    group: 'Recording',
    summary: 'Extension: ends a recording, whether this API or the config began it',
    description:
      'Answers when the files are written. HLS ends its lists, and its files are cleaned up as after the end of a stream.',
    parameters: recordParameters,
    data: { schema: stoppedSchema, onFailure: { stream_name: '', type: '', path: '' } },
    handle: stop,
  }),
];
