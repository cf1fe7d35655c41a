import { z } from 'zod';
import { parseListenAddress } from '../../config/listen-address.ts';
import { dumpPathOf } from '../../dump/dump-path.ts';
import type { Gb28181Way } from '../../gb28181/receiver-request.ts';
import { ApiCode } from '../api-codes.ts';
import type { ApiContext } from '../api-context.ts';
import { defineEndpoint, failureOf, type ApiFailure, type ApiResult, type Endpoint } from '../endpoint.ts';
import { noSuchSession } from '../no-such-session.ts';
import { streamAddressOf, streamKeyFor, streamParameters, streamQuery } from '../stream-parameters.ts';

const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_PORT = 65_535;
const MAX_SSRC = 0xffff_ffff;
/** Far beyond what timers can count; nobody waits for 24 days. */
const MAX_TIMEOUT_SEC = 2_000_000;

/** lal's words. */
const IN_USE = 'lal.logic: in stream already exist at group';

/** `is_tcp_flag`. */
const Flag = { udp: 0, tcpPassive: 1, tcpActive: 2 } as const;

const startParameters = z.object({
  stream_name: streamParameters.stream_name,
  app_name: streamParameters.app_name,
  port: z.int().min(0).max(MAX_PORT).default(0).meta({
    description: 'Port to receive on. 0: a free one between `rtsp.udp_port_min` and `udp_port_max`.',
  }),
  timeout_ms: z.int().default(DEFAULT_TIMEOUT_MS).meta({
    description: 'Ends the receiver after so long without a packet, in whole seconds. Below 1000: never.',
  }),
  is_tcp_flag: z.int().min(Flag.udp).max(Flag.tcpActive).default(Flag.udp).meta({
    description:
      '0: UDP, 1: TCP, the device connects to us. Extension: 2: TCP, we connect to `tcp_active_addr`.',
  }),
  debug_dump_packet: z.string().default('').meta({
    description:
      'File, below the config’s `http_api.dump_path`, that gets all packets in lal’s `.laldump` form.',
  }),
  tcp_active_addr: z.string().default('').meta({
    description: 'Extension: `host:port` of the device, with `is_tcp_flag` 2.',
  }),
  ssrc: z
    .union([z.int().min(0).max(MAX_SSRC), z.string().regex(/^\d{1,10}$/)])
    .optional()
    .meta({
      description:
        'Extension: the only RTP source that is received, as the `y=` line of the session description has it. Missing: the ' +
        'first that is heard.',
    }),
});
type StartParameters = z.output<typeof startParameters>;

const startedSchema = z.object({
  stream_name: z.string(),
  session_id: z.string().meta({ description: '`PSPUB1`.' }),
  port: z.int().meta({ description: 'Where to send to; 0 where we connect.' }),
});

async function start(
  context: ApiContext,
  parameters: StartParameters,
): Promise<ApiResult<z.output<typeof startedSchema>>> {
  const { stream_name: streamName, debug_dump_packet: dumpName } = parameters;
  const dump = dumpName === '' ? undefined : dumpPathOf(context.config.http_api.dump_path, dumpName);
  if (dump !== undefined && 'problem' in dump) return missing(`debug_dump_packet: ${dump.problem}`);
  const way = wayOf(parameters);
  if (way === undefined) return missing('tcp_active_addr: expected host:port');
  const ssrc = parameters.ssrc === undefined ? undefined : Number(parameters.ssrc);
  if (ssrc !== undefined && ssrc > MAX_SSRC) return missing('ssrc: more than 32 bits');
  const result = await context.gb28181.start({
    address: streamAddressOf(context, streamKeyFor(context, parameters)),
    way,
    timeoutMs: Math.min(Math.max(0, Math.floor(parameters.timeout_ms / 1000)), MAX_TIMEOUT_SEC) * 1000,
    ssrc,
    dumpPath: dump?.path,
  });
  if ('listenError' in result) return { code: ApiCode.listenRtpFailed, desp: result.listenError };
  if ('code' in result) {
    const failure = failureOf(ApiCode.startRelayPullFailed, result);
    return result.code === 'stream-in-use' ? { ...failure, desp: IN_USE } : failure;
  }
  return { data: { stream_name: streamName, session_id: result.sessionId, port: result.port } };
}

function missing(detail: string): ApiFailure {
  return { code: ApiCode.paramMissing, detail };
}

function wayOf({ is_tcp_flag, port, tcp_active_addr }: StartParameters): Gb28181Way | undefined {
  if (is_tcp_flag !== Flag.tcpActive) {
    return { transport: is_tcp_flag === Flag.udp ? 'udp' : 'tcp', port };
  }
  const peer = parseListenAddress(tcp_active_addr);
  if (peer?.host === undefined || peer.port === 0) return undefined;
  return { transport: 'tcp-active', peer: { host: peer.host, port: peer.port } };
}

/** Receivers of GB28181 media. */
export const gb28181Endpoints: readonly Endpoint[] = [
  defineEndpoint({
    path: '/api/ctrl/start_rtp_pub',
    call: 'POST',
    changesState: true,
    group: 'GB28181',
    summary: 'Opens a port for the media of a camera or recorder',
    description:
      'MPEG program stream over RTP, as GB/T 28181 has it. The stream is taken at once: 2001 when it has an input already, ' +
      '2002 with the system’s words when the port cannot be had.',
    parameters: startParameters,
    data: { schema: startedSchema, onFailure: { stream_name: '', session_id: '', port: 0 } },
    handle: start,
  }),
  defineEndpoint({
    path: '/api/ctrl/stop_rtp_pub',
    call: 'GET',
    changesState: true,
    group: 'GB28181',
    summary: 'Closes such a port',
    description: 'Extension. `kick_session` with the session’s id does the same, as in lal.',
    parameters: z.object(streamQuery),
    data: {
      schema: z.object({ session_id: z.string().meta({ description: 'Of what was stopped.' }) }),
      onFailure: { session_id: '' },
    },
    handle: (context, stream) => {
      const streamKey = streamKeyFor(context, stream);
      const stopped = context.gb28181.stop(streamKey);
      if (stopped !== undefined) return { data: { session_id: stopped } };
      return noSuchSession(context, streamKey);
    },
  }),
];
