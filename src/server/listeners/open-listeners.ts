import { listenHttpApi } from '../api/api-listener.ts';
import { HttpPorts } from '../http/http-ports.ts';
import type { Listener } from './listener.ts';
import { listenPprof } from '../pprof/pprof-listener.ts';
import { listenRtmp, listenRtmps } from '../rtmp/rtmp-listener.ts';
import { listenRtsp, listenRtsps, listenWsRtsp } from '../rtsp/rtsp-listener.ts';
import type { ServerParts } from '../server-parts.ts';

/**
 * Opens every port the config asks for, one after the other; those already open when one fails are the caller's to close.
 * @throws {ListenError} when one cannot be opened
 */
export async function* openListeners(parts: ServerParts): AsyncGenerator<Listener> {
  const { context, api, pprof } = parts;
  const { config } = context;
  if (config.pprof.enable) {
    const listener = await listenPprof(pprof, context);
    if (listener !== undefined) yield listener;
  }
  yield* openRtmp(parts);
  yield* openRtsp(parts);
  yield* openHttp(parts);
  if (config.http_api.enable) yield await listenHttpApi(api, context);
}

async function* openRtmp({ context, rtmp, certificates }: ServerParts): AsyncGenerator<Listener> {
  const { rtmp: section } = context.config;
  if (section.enable) yield await listenRtmp(rtmp, context);
  if (!section.rtmps_enable) return;
  const certificate = await certificates.open(section.rtmps_cert_file, section.rtmps_key_file);
  yield await listenRtmps(rtmp, context, certificate);
}

async function* openRtsp({ context, rtsp, certificates }: ServerParts): AsyncGenerator<Listener> {
  const { rtsp: section } = context.config;
  if (section.enable) yield await listenRtsp(rtsp, context);
  if (section.rtsps_enable) {
    const certificate = await certificates.open(section.rtsps_cert_file, section.rtsps_key_file);
    yield await listenRtsps(rtsp, context, certificate);
  }
  if (section.ws_rtsp_enable) yield await listenWsRtsp(rtsp, context);
}

async function* openHttp({ context, certificates, flv, ts, hls }: ServerParts): AsyncGenerator<Listener> {
  const { config } = context;
  const ports = new HttpPorts(context, certificates);
  ports.add(config.httpflv, flv);
  ports.add(config.httpts, ts);
  if (hls !== undefined) ports.add(config.hls, hls.service);
  yield* ports.listen();
}
