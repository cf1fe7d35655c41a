/**
 * Records a live stream: RTMP or RTMPS in, an FLV file out, until it ends, the time is over, or Ctrl-C.
 *
 *   node examples/pull-rtmp.mjs URL FILE [SECONDS]
 */
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { FlvTagType, flvFileHeader, serializeFlvTag } from 'lal-ts/flv';
import { endReason } from 'lal-ts/media';
import { RtmpClientSession } from 'lal-ts/rtmp';

const [url, path, seconds] = process.argv.slice(2);
if (url === undefined || path === undefined) {
  console.error('usage: node examples/pull-rtmp.mjs URL FILE [SECONDS]');
  process.exit(1);
}

const tagTypes = { audio: FlvTagType.audio, video: FlvTagType.video, data: FlvTagType.script };
const file = createWriteStream(path);
const counts = { audio: 0, video: 0, data: 0 };
let firstMs;

file.write(flvFileHeader({ audio: true, video: true }));

const session = new RtmpClientSession(
  { url, mode: 'play' },
  {
    started: () => console.log(`playing ${url}`),
    media({ type, timestampMs, payload }) {
      // A stream is as old as its publisher; the file begins at 0.
      firstMs ??= timestampMs;
      counts[type] += 1;
      const hasRoom = file.write(
        serializeFlvTag(tagTypes[type], Math.max(0, timestampMs - firstMs), payload),
      );
      // A slow disk slows the server's sending down instead of filling our memory.
      if (!hasRoom) session.pause();
    },
    ended({ code, message }) {
      console.log(`${message} (${code})`);
      // We asked for it, or the publisher has finished: all other ends are failures.
      if (code !== 'kicked' && code !== 'peer-stopped' && code !== 'peer-closed') process.exitCode = 1;
      file.end();
    },
  },
);

file.on('drain', () => session.resume());

const stop = () => session.end(endReason('kicked'));
process.once('SIGINT', stop);
const timer = seconds === undefined ? undefined : setTimeout(stop, Number(seconds) * 1000);

await finished(file);
clearTimeout(timer);

// Now it is known what the header should say.
const handle = await open(path, 'r+');
await handle.write(flvFileHeader({ audio: counts.audio > 0, video: counts.video > 0 }), 0, undefined, 0);
await handle.close();
console.log(`${path}: ${counts.video} video and ${counts.audio} audio messages`);
