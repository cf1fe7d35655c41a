import { z } from 'zod';
import { ApiCode } from '../api-codes.ts';
import { defineEndpoint, failureOf, type Endpoint } from '../endpoint.ts';
import { noSuchSession } from '../no-such-session.ts';
import { streamKeyFor, streamParameters } from '../stream-parameters.ts';

const pushed = z.object({
  stream_name: z.string().meta({ description: 'Name of the stream.' }),
  session_id: z
    .string()
    .meta({ description: 'Of the push, for as long as it lasts: `RTMPPUSH1`, `RTSPPUSH1`.' }),
});

/** Streams that are sent on to other servers. */
export const relayPushEndpoints: readonly Endpoint[] = [
  defineEndpoint({
    path: '/api/ctrl/start_relay_push',
    call: 'POST',
    changesState: true,
    group: 'Relay',
    summary: 'Sends a stream on to another server',
    description:
      'Extension. The push waits for the publisher, of whatever kind, and outlasts publishers, until it is stopped or kicked. ' +
      'Success means that it was accepted, not that the target was reached: `pushs` of `/api/stat/group` shows how it goes.',
    parameters: z.object({
      ...streamParameters,
      url: z.string().meta({
        description:
          '`rtmp://`, `rtmps://`, `rtsp://` or `rtsps://`; `{app}`, `{stream}` and `{param}` stand for the names of the ' +
          'stream and the query of its publisher.',
      }),
      push_timeout_ms: z
        .int()
        .min(0)
        .max(3_600_000)
        .default(10_000)
        .meta({
          description:
            'To connect, and again to be accepted. 0: no limit but that of what waits meanwhile, `relay_push.queue_bytes` and ' +
            '`queue_ms`.',
        }),
      push_retry_num: z.int().min(-1).default(-1).meta({
        description: 'Tries that may fail one after the other, with each publisher. -1: no limit.',
      }),
      hevc_form: z.enum(['source', 'enhanced', 'legacy']).default('source').meta({
        description: 'How HEVC is sent by RTMP: as it came in, with the FourCC `hvc1`, or with codec id 12.',
      }),
      rtsp_mode: z.int().min(0).max(1).default(0).meta({
        description: '0: RTP over TCP, 1: over UDP; the other one where a server refuses.',
      }),
      verify_certificate: z.boolean().default(true).meta({
        description: 'Refuse a target whose certificate is not valid for its name.',
      }),
    }),
    data: { schema: pushed, onFailure: { stream_name: '', session_id: '' } },
    handle: (context, { url, ...parameters }) => {
      const result = context.relayPushes.start({
        streamKey: streamKeyFor(context, parameters),
        url,
        hevcForm: parameters.hevc_form,
        rtspTransport: parameters.rtsp_mode === 1 ? 'udp' : 'tcp',
        verifyCertificate: parameters.verify_certificate,
        timeoutMs: parameters.push_timeout_ms,
        maxRetries: parameters.push_retry_num,
      });
      if (typeof result === 'string')
        return { data: { stream_name: parameters.stream_name, session_id: result } };
      return failureOf(ApiCode.relayPushRefused, result);
    },
  }),
  defineEndpoint({
    path: '/api/ctrl/stop_relay_push',
    call: 'POST',
    changesState: true,
    group: 'Relay',
    summary: 'Stops a push',
    description: 'Extension. A push that the config asks for comes again with the next publisher.',
    parameters: z.object({
      ...streamParameters,
      session_id: z.string().optional().meta({ description: 'Of the push; this or `url`.' }),
      url: z.string().optional().meta({ description: 'As it was given.' }),
    }),
    data: { schema: pushed, onFailure: { stream_name: '', session_id: '' } },
    handle: (context, { session_id: id, url, ...stream }) => {
      if (id === undefined && url === undefined)
        return { code: ApiCode.paramMissing, detail: 'session_id or url: one of them is needed' };
      const streamKey = streamKeyFor(context, stream);
      const stopped = context.relayPushes.stop(streamKey, id === undefined ? { url: url! } : { id });
      if (stopped !== undefined) return { data: { stream_name: stream.stream_name, session_id: stopped } };
      return noSuchSession(context, streamKey);
    },
  }),
];
