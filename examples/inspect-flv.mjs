/**
 * What is in an FLV file, or in a live stream over HTTP-FLV: its tracks, and how far its key frames are apart.
 *
 *   node examples/inspect-flv.mjs FILE-OR-URL [SECONDS]
 */
import { createReadStream } from 'node:fs';
import { FlvDemuxer, FlvTagToFrames } from 'lal-ts/flv';

const [source, seconds = '10'] = process.argv.slice(2);
if (source === undefined) {
  console.error('usage: node examples/inspect-flv.mjs FILE-OR-URL [SECONDS]');
  process.exit(1);
}

/** The bytes of a file, or of a live stream for the given time. */
async function* read(source) {
  if (!/^https?:/.test(source)) {
    yield* createReadStream(source);
    return;
  }
  const response = await fetch(source, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${source} was answered with ${response.status}`);
  const untilMs = performance.now() + Number(seconds) * 1000;
  for await (const chunk of response.body) {
    yield chunk;
    if (performance.now() > untilMs) return;
  }
}

function describe({ kind, config }) {
  if (kind === 'video') return `video ${config.codec} ${config.codecString} ${config.width}x${config.height}`;
  if (kind === 'audio') {
    return `audio ${config.codec} ${config.codecString} ${config.sampleRate} Hz, ${config.channels} channels`;
  }
  return `data ${config.codec}`;
}

/** Frames of one kind, in seconds: how many, when the first and the last, and the times of key frames. */
const seen = new Map();

function count({ track, dtsUs, isKey }) {
  const time = dtsUs / 1e6;
  const entry = seen.get(track.kind) ?? { frames: 0, first: time, last: time, keys: [] };
  seen.set(track.kind, entry);
  entry.frames += 1;
  entry.last = time;
  if (isKey) entry.keys.push(time);
}

// Bytes in, tags out; tags in, tracks and frames out. Neither part owns a socket or a file.
const demuxer = new FlvDemuxer();
const frames = new FlvTagToFrames();
for await (const chunk of read(source)) {
  demuxer.receive(chunk);
  for (let tag = demuxer.nextTag(); tag !== undefined; tag = demuxer.nextTag()) {
    frames.read(tag);
    for (const event of frames.takeEvents()) {
      if (event.type === 'track') console.log(describe(event.track));
      if (event.type === 'frame') count(event.frame);
    }
  }
}

for (const kind of ['video', 'audio']) {
  const entry = seen.get(kind);
  if (entry === undefined) continue;
  console.log(`${entry.frames} ${kind} frames in ${(entry.last - entry.first).toFixed(2)} s`);
}
const keys = seen.get('video')?.keys ?? [];
const distances = keys.slice(1).map((time, index) => time - keys[index]);
if (distances.length > 0) {
  const [shortest, longest] = [Math.min(...distances), Math.max(...distances)];
  console.log(`${keys.length} key frames, ${shortest.toFixed(2)} to ${longest.toFixed(2)} s apart`);
}
if (frames.damagedTags > 0) console.log(`${frames.damagedTags} damaged tags`);
