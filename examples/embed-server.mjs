/**
 * A media server inside a program of yours: own ports, plain RTMP and HTTP only, one file on the air in a loop.
 *
 *   node examples/embed-server.mjs [FLV-FILE] [RTMP-PORT] [HTTP-PORT]
 */
import { fileURLToPath } from 'node:url';
import { builtInConfig, createLogger, createServer } from 'lal-ts';

const demo = fileURLToPath(new URL('../assets/demo.flv', import.meta.url));
const [file = demo, rtmpPort = '1936', httpPort = '8081'] = process.argv.slice(2);

// A config is read-only: make yours out of the built-in one.
const defaults = builtInConfig();
const http = { http_listen_addr: `127.0.0.1:${httpPort}`, enable_https: false };
const config = {
  ...defaults,
  rtmp: { ...defaults.rtmp, addr: `127.0.0.1:${rtmpPort}`, rtmps_enable: false },
  rtsp: { ...defaults.rtsp, enable: false, rtsps_enable: false, ws_rtsp_enable: false },
  httpflv: { ...defaults.httpflv, ...http },
  httpts: { ...defaults.httpts, ...http },
  // In memory, and only what players need: this program writes no files.
  hls: { ...defaults.hls, ...http, use_memory_as_disk_flag: true, cleanup_mode: 2 },
  // This program has the server in its hands, and needs no HTTP API, so several of it can run side by side.
  http_api: { ...defaults.http_api, enable: false },
  // lal's numbers: 3 is "warn".
  log: { ...defaults.log, level: 3 },
};

const log = createLogger(config.log);
const server = createServer(config, { logger: log.logger });
await server.start();

const published = await server.publishFile({ path: file, appName: 'live', streamName: 'test', loop: true });
// Refusals are values, not exceptions; their `code` is stable, their `message` is for people.
if ('code' in published) throw new Error(`${file} is not on the air: ${published.message}`);

// Port 0 leaves the choice to the system, so ask the server where it is.
const portOf = (kind) => server.addresses.find((address) => address.kind === kind).port;
console.log(`publish to  rtmp://127.0.0.1:${portOf('rtmp')}/live/NAME`);
console.log(`watch       rtmp://127.0.0.1:${portOf('rtmp')}/live/test`);
console.log(`watch       http://127.0.0.1:${portOf('http')}/live/test.flv`);
console.log(`watch       http://127.0.0.1:${portOf('http')}/hls/test.m3u8`);

// The file ends early when it is no FLV, say.
void published.ended.then(({ message }) => console.log(`the file is off the air: ${message}`));

async function stop() {
  await server.close();
  await log.close();
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stop());
