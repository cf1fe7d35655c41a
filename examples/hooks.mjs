/**
 * A server that asks your program who may publish, and tells it who comes and goes.
 *
 *   node examples/hooks.mjs [RTMP-PORT]
 *
 * Try it: ffmpeg -re -i FILE -c copy -f flv 'rtmp://127.0.0.1:1936/live/test?token=sesame'
 */
import { builtInConfig, createLogger, createServer, endReason } from 'lal-ts';

const [rtmpPort = '1936'] = process.argv.slice(2);

// RTMP alone.
const defaults = builtInConfig();
const off = { enable: false, enable_https: false };
const config = {
  ...defaults,
  rtmp: { ...defaults.rtmp, addr: `127.0.0.1:${rtmpPort}`, rtmps_enable: false },
  rtsp: { ...defaults.rtsp, enable: false, rtsps_enable: false, ws_rtsp_enable: false },
  httpflv: { ...defaults.httpflv, ...off },
  httpts: { ...defaults.httpts, ...off },
  hls: { ...defaults.hls, ...off },
  http_api: { ...defaults.http_api, enable: false },
  log: { ...defaults.log, level: 3 },
};

const hooks = {
  // The client waits for the answer; a database may be asked meanwhile.
  async onPublish({ streamName, urlParam, remoteAddress }) {
    if (new URLSearchParams(urlParam).get('token') === 'sesame') return true;
    console.log(`${remoteAddress} may not publish ${streamName}`);
    return endReason('refused', 'token', 'the token is wrong');
  },
  // Everybody may play: without onPlay nobody is asked.
  onPublishStart: ({ id, streamName }) => console.log(`${id} publishes ${streamName}`),
  onPublishStop: ({ id, bytesRead }, { code }) =>
    console.log(`${id} has gone after ${bytesRead} bytes (${code})`),
  onPlayStart: ({ id, streamName, hasInput }) =>
    console.log(`${id} plays ${streamName}${hasInput ? '' : ', which waits'}`),
  onPlayStop: ({ id, bytesWritten }, { code }) =>
    console.log(`${id} has gone after ${bytesWritten} bytes (${code})`),
};

const log = createLogger(config.log);
const server = createServer(config, { logger: log.logger, hooks });
await server.start();
const { port } = server.addresses.find(({ kind }) => kind === 'rtmp');
console.log(`publish to  rtmp://127.0.0.1:${port}/live/NAME?token=sesame`);

async function stop() {
  await server.close();
  await log.close();
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stop());
