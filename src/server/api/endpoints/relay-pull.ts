import { z } from 'zod';
import { ProtocolError } from '../../../bytes/protocol-error.ts';
import { dumpPathOf } from '../../dump/dump-path.ts';
import { parsePullUrl, type PullUrl } from '../../relay/pull/pull-url.ts';
import { ApiCode } from '../api-codes.ts';
import type { ApiContext } from '../api-context.ts';
import { defineEndpoint, failureOf, type ApiFailure, type ApiResult, type Endpoint } from '../endpoint.ts';
import { noSuchSession } from '../no-such-session.ts';
import { streamAddressOf, streamKeyFor, streamParameters, streamQuery } from '../stream-parameters.ts';

const DEFAULT_TIMEOUT_MS = 10_000;

const startParameters = z.object({
  url: z.string().meta({
    description:
      'Source: `rtmp://`, `rtmps://`, `rtsp://`, `rtsps://`; extension: `http://` and `https://`, HLS where the path ends in ' +
      '`.m3u8` or `.m3u`, else FLV.',
  }),
  stream_name: z.string().default('').meta({
    description: 'What the stream is called here. Empty or missing: as in the URL.',
  }),
  app_name: streamParameters.app_name,
  pull_timeout_ms: z.int().default(DEFAULT_TIMEOUT_MS).meta({
    description: 'To establish the session. 0: no limit.',
  }),
  pull_retry_num: z.int().default(0).meta({
    description: 'Further tries, one a second; also when the pull was up and broke. -1: for ever.',
  }),
  auto_stop_pull_after_no_out_ms: z.int().default(-1).meta({
    description:
      'Stops when nobody has watched for so long, until somebody does again. 0: at once, -1: never.',
  }),
  rtsp_mode: z.int().default(0).meta({
    description: '0: RTP over TCP, else over UDP; the other one where a server refuses.',
  }),
  debug_dump_packet: z
    .string()
    .default('')
    .meta({
      description:
        'RTSP: file, below the config’s `http_api.dump_path`, that gets description and packets in lal’s `.laldump` form. What ' +
        'is there is overwritten; further tries go on in it.',
    }),
  verify_certificate: z.boolean().default(true).meta({
    description: 'Extension: refuse a server whose certificate is not valid for its name.',
  }),
});
type StartParameters = z.output<typeof startParameters>;

const startedSchema = z.object({
  stream_name: z.string(),
  session_id: z
    .string()
    .meta({ description: 'Of the first try: `RTMPPULL1`, `RTSPPULL1`, `FLVPULL1`, `HLSPULL1`.' }),
});

function start(context: ApiContext, parameters: StartParameters): ApiResult<z.output<typeof startedSchema>> {
  const { config } = context;
  const { debug_dump_packet: dumpName } = parameters;
  const dump = dumpName === '' ? undefined : dumpPathOf(config.http_api.dump_path, dumpName);
  if (dump !== undefined && 'problem' in dump) {
    return { code: ApiCode.paramMissing, detail: `debug_dump_packet: ${dump.problem}` };
  }
  const url = urlOf(parameters.url);
  if ('code' in url) return url;
  const streamName = parameters.stream_name === '' ? url.address.streamName : parameters.stream_name;
  const named = { stream_name: streamName, app_name: parameters.app_name };
  const result = context.relayPulls.start(streamAddressOf(context, streamKeyFor(context, named)), {
    origins: [
      {
        url,
        verifyCertificate: parameters.verify_certificate,
        rtspTransport: parameters.rtsp_mode === 0 ? 'tcp' : 'udp',
      },
    ],
    timeoutMs: Math.max(0, parameters.pull_timeout_ms),
    retryNum: parameters.pull_retry_num,
    autoStopMs: parameters.auto_stop_pull_after_no_out_ms,
    dumpPath: dump?.path,
  });
  if ('text' in result) {
    return failureOf(ApiCode.startRelayPullFailed, { message: result.text, detail: result.detail });
  }
  return { data: { stream_name: streamName, session_id: result.sessionId } };
}

/** 0.2.8's, which says nothing of what became of it. It stops when nobody watches, and is tried for ever until then. */
function startOld(
  context: ApiContext,
  parameters: z.output<typeof oldStartParameters>,
): ApiResult<undefined> {
  const { protocol, addr, app_name: appName, stream_name: streamName, url_param: urlParam } = parameters;
  const query = urlParam === '' ? '' : `?${urlParam}`;
  const url = urlOf(`${protocol}://${addr}/${appName}/${streamName}${query}`);
  if ('code' in url) return url;
  const streamKey = streamKeyFor(context, { stream_name: streamName, app_name: appName });
  const address = streamAddressOf(context, streamKey);
  const refusal = context.gate.refusalOf(address);
  if (refusal !== undefined) return failureOf(ApiCode.startRelayPullFailed, refusal);
  context.relayPulls.start(address, {
    origins: [{ url, verifyCertificate: true, rtspTransport: 'tcp' }],
    timeoutMs: DEFAULT_TIMEOUT_MS,
    retryNum: -1,
    autoStopMs: 0,
    dumpPath: undefined,
  });
  return { data: undefined };
}

const oldStartParameters = z.object({
  protocol: z
    .string()
    .meta({ description: '`rtmp`; extension: the scheme of any URL that `start_relay_pull` takes.' }),
  addr: z.string().meta({ description: '`host:port` of the source.' }),
  app_name: z.string().meta({ description: 'App there.' }),
  stream_name: z.string().meta({ description: 'Name of the stream there and here.' }),
  url_param: z.string().default('').meta({ description: 'Query of the URL, without `?`.' }),
});

function urlOf(text: string): PullUrl | ApiFailure {
  try {
    return parsePullUrl(text);
  } catch (error) {
    if (error instanceof ProtocolError) return { code: ApiCode.startRelayPullFailed, desp: error.message };
    throw error;
  }
}

/** Streams that come from other servers. */
export const relayPullEndpoints: readonly Endpoint[] = [
  defineEndpoint({
    path: '/api/ctrl/start_relay_pull',
    call: 'POST',
    changesState: true,
    group: 'Relay',
    summary: 'Pulls a stream from another server',
    description:
      'Success means that it was accepted, not that the source was reached: `on_relay_pull_start` and `pull` of ' +
      '`/api/stat/group` tell. 2001 when the stream has an input or a pull already, when it would be stopped at once because ' +
      'nobody watches, or the URL cannot be used; nothing has changed then.',
    parameters: startParameters,
    data: { schema: startedSchema, onFailure: { stream_name: '', session_id: '' } },
    handle: start,
  }),
  defineEndpoint({
    path: '/api/ctrl/stop_relay_pull',
    call: 'GET',
    changesState: true,
    group: 'Relay',
    summary: 'Stops the pull of a stream',
    description:
      'Also one that has not been established yet, is to be tried again, or waits for a viewer. One that the config asks ' +
      'for comes back within a second, as long as somebody watches.',
    parameters: z.object(streamQuery),
    data: {
      schema: z.object({ session_id: z.string().meta({ description: 'Of what was stopped.' }) }),
      onFailure: { session_id: '' },
    },
    handle: (context, stream) => {
      const streamKey = streamKeyFor(context, stream);
      const stopped = context.relayPulls.stop(streamKey);
      if (stopped !== undefined) return { data: { session_id: stopped } };
      return noSuchSession(context, streamKey);
    },
  }),
  defineEndpoint({
    path: '/api/ctrl/start_pull',
    call: 'POST',
    changesState: true,
    group: 'Relay',
    summary: 'Pulls a stream, as in lal 0.2.8',
    description:
      'As `start_relay_pull` with tries for ever, until nobody watches. As in lal it succeeds even when nothing is pulled, ' +
      'because the stream has an input or nobody watches.',
    parameters: oldStartParameters,
    handle: startOld,
  }),
];
