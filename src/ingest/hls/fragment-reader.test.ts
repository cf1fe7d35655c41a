import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MpegTsEvent } from '../../container/mpegts/demuxer-events.ts';
import type { MediaFrame } from '../../media/media-frame.ts';
import type { FragmentSequel } from '../../protocol/hls/playlist-follower.ts';
import { codeOf } from '../../testing/coded-error.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { aacTrack, framesOf, h264HighTrack, h264Track, mp3Track, muxAll } from '../../testing/ts-kit.ts';
import { FragmentReader } from './fragment-reader.ts';

/** A stream cut into fragments of one second, each of which counts its packets anew. */
function fragmentsOf(seconds: number, video = h264Track, audio = aacTrack): Uint8Array[] {
  const pieces = Array.from({ length: seconds }, (): Uint8Array[] => []);
  let second = 0;
  for (const { frame, bytes } of muxAll(framesOf(video, audio, seconds)).units) {
    if (frame?.track.kind === 'video') second = Math.floor(frame.dtsUs / 1e6);
    pieces[second]!.push(bytes);
  }
  return pieces.map((fragment) => countedAnew(Uint8Array.from(Buffer.concat(fragment))));
}

function countedAnew(fragment: Uint8Array): Uint8Array {
  const counts = new Map<number, number>();
  for (let packet = 0; packet < fragment.length; packet += 188) {
    const pid = ((fragment[packet + 1]! & 0x1f) << 8) | fragment[packet + 2]!;
    const count = counts.get(pid) ?? 0;
    const hasPayload = (fragment[packet + 3]! & 0x10) !== 0;
    fragment[packet + 3] = (fragment[packet + 3]! & 0xf0) | (count & 0x0f);
    if (hasPayload) counts.set(pid, count + 1);
  }
  return fragment;
}

async function read(
  ...fragments: [Uint8Array, FragmentSequel][]
): Promise<{ events: MpegTsEvent[]; reader: FragmentReader }> {
  const reader = new FragmentReader();
  const events: MpegTsEvent[] = [];
  for (const [bytes, sequel] of fragments) events.push(...(await reader.read(bytes, sequel)));
  return { events: [...events, ...reader.end()], reader };
}

/** The code of the error, or `undefined`. */
async function failure(...fragments: [Uint8Array, FragmentSequel][]): Promise<string | undefined> {
  try {
    await read(...fragments);
  } catch (error) {
    return codeOf(() => {
      throw error;
    });
  }
  return undefined;
}

/** Milliseconds of the frames of one kind, rounded. */
function timesOf(events: readonly MpegTsEvent[], kind: string): number[] {
  return events.flatMap((event) =>
    event.type === 'frame' && event.frame.track.kind === kind ? [Math.round(event.frame.dtsUs / 1000)] : [],
  );
}

function steps(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => time - times[index]!);
}

test('fragments that go on give every frame once, with its time', async () => {
  const [a, b, c] = fragmentsOf(3);
  const { events, reader } = await read([a!, 'new'], [b!, 'next'], [c!, 'next']);
  expect(timesOf(events, 'video')).toHaveLength(75);
  expect(timesOf(events, 'audio')).toHaveLength(141);
  expect(new Set(steps(timesOf(events, 'video')))).toEqual(new Set([40]));
  expect(reader.counters).toMatchObject({
    continuityErrors: 0,
    duplicatePackets: 0,
    damagedPes: 0,
    damagedFrames: 0,
  });
  expect(events.filter(({ type }) => type === 'track')).toHaveLength(2);
});

test('a fragment that begins anew goes on where the last one ended, whatever its clock', async () => {
  const all = fragmentsOf(10);
  for (const start of [0, 4, 5, 8]) {
    const { events } = await read([all[4]!, 'new'], [all[start]!, 'new'], [all[start + 1]!, 'next']);
    const [video, audio] = [timesOf(events, 'video'), timesOf(events, 'audio')];
    expect(video).toHaveLength(75);
    for (const step of [...steps(video), ...steps(audio)]) {
      expect(step).toBeGreaterThan(0);
      // Sound lies in packets of up to 150 ms, so that a cut takes a little of it along.
      expect(step).toBeLessThan(200);
    }
    // Sound and picture are as far apart as they were.
    expect(Math.abs(video.at(-1)! - audio.at(-1)!)).toBeLessThan(200);
  }
});

test('behind a gap the clock goes on by itself', async () => {
  const [a, , c] = fragmentsOf(3);
  const { events } = await read([a!, 'new'], [c!, 'gap']);
  const video = timesOf(events, 'video');
  expect(video).toHaveLength(50);
  expect(steps(video).filter((step) => step !== 40)).toEqual([1040]);
});

test('what begins anew may have other parameters and codecs', async () => {
  const [a] = fragmentsOf(1);
  const [b] = fragmentsOf(1, h264HighTrack, mp3Track);
  const { events } = await read([a!, 'new'], [b!, 'new']);
  const tracks = events.flatMap((event) => (event.type === 'track' ? [event.track] : []));
  expect(tracks.map(({ id, config }) => [id, config.codec])).toEqual([
    [1, 'h264'],
    [2, 'aac'],
    [1, 'h264'],
    [2, 'mp3'],
  ]);
  const audio = events.flatMap((event) =>
    event.type === 'frame' && event.frame.track.kind === 'audio' ? [event.frame.track.config.codec] : [],
  );
  expect([audio[0], audio.at(-1)]).toEqual(['aac', 'mp3']);
});

test('all pictures before all sound, as some packagers write, become the order of decoding', async () => {
  const frames = framesOf(h264Track, aacTrack, 2);
  const ofKind = (kind: string): MediaFrame[] => frames.filter(({ track }) => track.kind === kind);
  const { events } = await read([muxAll([...ofKind('video'), ...ofKind('audio')]).all, 'new']);
  const times = events.flatMap((event) => (event.type === 'frame' ? [event.frame.dtsUs] : []));
  // The last picture is certain at the end only.
  const sorted = times.slice(0, -1);
  expect(sorted).toEqual(sorted.toSorted((a, b) => a - b));
  const seen = new Set<number>();
  for (const event of events) {
    if (event.type === 'track') seen.add(event.track.id);
    else if (event.type === 'frame') expect(seen.has(event.frame.track.id)).toBe(true);
  }
});

test('what is no transport stream is refused, damage is counted', async () => {
  expect(await failure([Buffer.alloc(100_000), 'new'])).toBe('ERR_MPEGTS_SYNC');
  const [a, b] = fragmentsOf(2);
  const damaged = a!.slice();
  damaged[188 * 20] = 0;
  const { reader } = await read([damaged, 'new'], [b!, 'gap']);
  expect(reader.counters.syncLosses).toBe(1);
});

test('whatever the bytes are, they are read or refused', async () => {
  const vectors = fragmentsOf(1).map((bytes) => bytes.subarray(0, 188 * 40));
  const sequel = fc.constantFrom<FragmentSequel>('next', 'gap', 'new');
  const fragment = fc.tuple(damagedBytes(vectors, 2000), sequel);
  await fc.assert(
    fc.asyncProperty(fc.array(fragment, { maxLength: 4 }), async (fragments) => {
      expect([undefined, 'ERR_MPEGTS_SYNC']).toContain(await failure(...fragments));
    }),
  );
});
