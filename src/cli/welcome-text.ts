import { networkInterfaces } from 'node:os';
import type { ServerConfig } from '../server/config/server-config.ts';
import { serverUrls, streamsPageUrl } from '../server/server-urls.ts';

/** Name of the stream that `--demo` plays. */
export const DEMO_STREAM = 'demo';

/** Name in the examples for a stream of the user's own. */
const OWN_STREAM = 'test';

/**
 * What a newcomer needs when the server runs: where to publish to, where to watch, in words to copy.
 * @param hasDemo the demo stream is on the air
 */
export function welcomeText(config: ServerConfig, hasDemo: boolean): string {
  const own = serverUrls(config, OWN_STREAM);
  const play = hasDemo ? serverUrls(config, DEMO_STREAM).play : own.play;
  const sections = [
    hasDemo
      ? paragraph('Watch the demo stream:', play)
      : paragraph(`Watch it (here the stream "${OWN_STREAM}"):`, play),
    watchHint(play),
    pageHint(config),
    addressHint(config),
  ];
  const publish = publishHint(own.publish);
  const ordered = hasDemo ? [...sections.slice(0, 2), publish, ...sections.slice(2)] : [publish, ...sections];
  const text = ordered.filter((section) => section !== '').join('\n');
  return `\nThe server is running. Ctrl-C stops it.\n\n${text}\n`;
}

function publishHint(urls: readonly string[]): string {
  const rtmp = urls.find((url) => url.startsWith('rtmp'));
  const rtsp = urls.find((url) => url.startsWith('rtsp'));
  if (rtmp === undefined && rtsp === undefined) {
    return 'Publishing is off: no listener of rtmp or rtsp is enabled.\n';
  }
  const server = rtmp?.slice(0, rtmp.lastIndexOf('/'));
  return paragraph('Publish your own:', [
    ...(rtmp === undefined
      ? []
      : [
          `OBS      server ${server}   stream key ${OWN_STREAM}`,
          `ffmpeg   ffmpeg -re -i FILE -c copy -f flv ${rtmp}`,
        ]),
    ...(rtsp === undefined ? [] : [`RTSP     ffmpeg -re -i FILE -c copy -f rtsp ${rtsp}`]),
  ]);
}

function watchHint(play: readonly string[]): string {
  const flv = play.find((url) => url.startsWith('http:')) ?? play[0];
  return flv === undefined ? '' : paragraph('For instance with ffplay, mpv or VLC:', [`ffplay ${flv}`]);
}

function pageHint(config: ServerConfig): string {
  const url = streamsPageUrl(config);
  return url === undefined ? '' : paragraph('See what is going on:', [url]);
}

/** Only where the server can be reached from elsewhere. */
function addressHint(config: ServerConfig): string {
  const isOpen = config.rtmp.enable && /^(?:0\.0\.0\.0|\[::\])?:/.test(config.rtmp.addr);
  const addresses = Object.values(networkInterfaces())
    .flat()
    .filter((address) => address !== undefined && !address.internal && address.family === 'IPv4')
    .map((address) => address!.address);
  if (!isOpen || addresses.length === 0) return '';
  return `From other machines, use this one's address instead of localhost: ${addresses.join(', ')}\n`;
}

function paragraph(title: string, lines: readonly string[]): string {
  return `${title}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}
