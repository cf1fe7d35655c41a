/** Every way to publish and to play, each as one attempt that ends as soon as the server has decided. */
import { get as httpGet } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { openLiveBody } from './live-body.ts';
import type { LocalServer } from './local-server.ts';
import { RawClient } from './raw-client.ts';
import { clientScript, playChunks, publishChunks } from './rtmp-wire.ts';
import { carrierNames, openCarrier } from './rtsp-carriers.ts';
import type { CarrierName } from './rtsp-carriers.ts';
import { announce, conversation, describeStream } from './rtsp-wire.ts';
import type { WireRequest } from './rtsp-wire.ts';
import type { Scope } from './scope.ts';
import type { HttpScheme } from './server.ts';

export type Action = 'publish' | 'play';

/** One way in. */
export interface AccessWay {
  readonly name: string;
  readonly action: Action;
  /** The switch of `simple_auth` that covers it. */
  readonly switch: string;
  /** What the server says to those whom it does not let in. */
  readonly refusal: string;
  /** @returns the server's word: a status, or a status code; the connection is closed by then */
  attempt(scope: Scope, local: LocalServer, target: string): Promise<string>;
}

/** What the server says to those whom it lets in. */
export const acceptances: ReadonlySet<string> = new Set([
  'NetStream.Publish.Start',
  'NetStream.Play.Start',
  '200',
  '101',
]);

/** Whether one may: whole words, because answers come in pieces. */
const rtmpVerdict = /NetStream\.(?:Publish|Play)\.(?:Start|Unauthorized|BadName|Failed|StreamNotFound)/;

function rtmpWay(secure: boolean, action: Action): AccessWay {
  return {
    name: `${action} by ${secure ? 'RTMPS' : 'RTMP'}`,
    action,
    switch: action === 'publish' ? 'pub_rtmp_enable' : 'sub_rtmp_enable',
    refusal: action === 'publish' ? 'NetStream.Publish.Unauthorized' : 'NetStream.Play.Unauthorized',
    async attempt(scope, local, target) {
      const request = action === 'publish' ? publishChunks(target) : playChunks(target);
      const script = clientScript(local.port('rtmp'), request);
      return secure ? attemptTls(local.port('rtmps'), script) : attemptTcp(scope, local.port('rtmp'), script);
    },
  };
}

async function attemptTcp(scope: Scope, port: number, script: Buffer): Promise<string> {
  const client = await RawClient.open(scope, port);
  await client.send(script);
  await client.until(() => rtmpVerdict.test(client.text), 'a verdict');
  client.socket.destroy();
  return rtmpVerdict.exec(client.text)![0];
}

async function attemptTls(port: number, script: Buffer): Promise<string> {
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
  let text = '';
  try {
    await once(socket, 'secureConnect');
    socket.write(script);
    for await (const chunk of socket) {
      text += (chunk as Buffer).toString('latin1');
      const verdict = rtmpVerdict.exec(text);
      if (verdict !== null) return verdict[0];
    }
  } finally {
    socket.destroy();
  }
  throw new Error(`closed without a verdict: ${text}`);
}

function rtspWay(carrierName: CarrierName, action: Action): AccessWay {
  return {
    name: `${action} by RTSP over ${carrierName}`,
    action,
    switch: action === 'publish' ? 'pub_rtsp_enable' : 'sub_rtsp_enable',
    refusal: '403',
    async attempt(scope, local, target) {
      const carrier = await openCarrier(scope, local, carrierName);
      const request: WireRequest = action === 'publish' ? announce(target) : describeStream(target);
      carrier.send(conversation(request));
      // What follows the status line.
      await carrier.answered('CSeq');
      const [, status] = /RTSP\/1\.0 (\d{3})/.exec(carrier.text)!;
      carrier.leave();
      return status!;
    },
  };
}

function liveWay(scheme: HttpScheme, suffix: 'flv' | 'ts'): AccessWay {
  return {
    name: `play ${suffix} by ${scheme}`,
    action: 'play',
    switch: suffix === 'flv' ? 'sub_httpflv_enable' : 'sub_httpts_enable',
    refusal: '403',
    attempt: (_scope, local, target) =>
      liveStatus(local.flvUrl(scheme, 'x').replace('x.flv', inPath(target, suffix))),
  };
}

/** `name?query` as `name.suffix?query`. */
function inPath(target: string, suffix: string): string {
  const [name, ...query] = target.split('?');
  return [`${name}.${suffix}`, ...query].join('?');
}

function liveStatus(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const close = openLiveBody(
      url,
      {},
      {
        answered: (status) => resolve(String(status)),
        accepted: () => close(),
        received: () => {},
        ended: (error) => {
          // How the WebSocket library says that there was no upgrade.
          const [, status] = /Unexpected server response: (\d+)/.exec(error?.message ?? '') ?? [];
          if (status === undefined) reject(error ?? new Error(`${url} ended`));
          else resolve(status);
        },
      },
    );
  });
}

const lists = { NAME: '.m3u8', playlist: '/playlist.m3u8', record: '/record.m3u8' } as const;

function hlsWay(scheme: 'http' | 'https', list: keyof typeof lists): AccessWay {
  return {
    name: `play HLS by ${scheme}, ${list}.m3u8`,
    action: 'play',
    switch: 'hls_m3u8_enable',
    refusal: '403',
    attempt: async (_scope, local, target) => {
      const [name, ...query] = target.split('?');
      const path = [`/hls/${name}${lists[list]}`, ...query].join('?');
      return String((await fetchHls(local, scheme, path)).status);
    },
  };
}

/** An answer over HTTP or HTTPS, redirects followed. */
export interface HlsAnswer {
  readonly status: number;
  /** Path and query of what was answered. */
  readonly path: string;
  readonly body: Buffer;
}

export async function fetchHls(
  local: LocalServer,
  scheme: 'http' | 'https',
  path: string,
): Promise<HlsAnswer> {
  const options = {
    host: '127.0.0.1',
    port: local.port(scheme),
    path,
    agent: false,
    rejectUnauthorized: false,
  };
  const request = (scheme === 'https' ? httpsGet : httpGet)(options);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const { statusCode: status = 0, headers } = response;
  if (status === 302) return fetchHls(local, scheme, headers.location!);
  return { status, path, body: Buffer.concat(chunks) };
}

const actions = ['publish', 'play'] as const;
const schemes = ['http', 'https', 'ws', 'wss'] as const;

export const accessWays: readonly AccessWay[] = [
  ...[false, true].flatMap((secure) => actions.map((action) => rtmpWay(secure, action))),
  ...carrierNames.flatMap((name) => actions.map((action) => rtspWay(name, action))),
  ...(['flv', 'ts'] as const).flatMap((suffix) => schemes.map((scheme) => liveWay(scheme, suffix))),
  ...(['http', 'https'] as const).flatMap((scheme) =>
    (['NAME', 'playlist', 'record'] as const).map((list) => hlsWay(scheme, list)),
  ),
];
