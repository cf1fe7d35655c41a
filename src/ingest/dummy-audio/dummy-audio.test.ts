import { beforeEach, describe, expect, test } from 'vitest';
import { Publication } from '../../hub/publication.ts';
import type { SourceFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import { frameOf, scriptTrack, videoTrack } from '../../testing/hub-kit.ts';
import { aacTrack, opusTrack } from '../../testing/ts-kit.ts';
import { DummyAudio } from './dummy-audio.ts';

const WAIT_MS = 150;
const FRAME_MS = 40;
const video = videoTrack();
const script = scriptTrack();
const opaque: Track = {
  id: 5,
  kind: 'opaque',
  config: {
    kind: 'opaque',
    codec: 'rtp',
    media: 'audio',
    encodingName: 'G726-32',
    clockRate: 8000,
    channels: 1,
    formatParameters: '',
  },
};

/** What reached the publication: `V0`, `v40`, `a21.333` for frames, `silent` and others for tracks. */
let seen: string[];
let frames: SourceFrame[];
let input: DummyAudio;

function nameOf({ kind, config }: Track): string {
  if (kind !== 'audio') return kind;
  return config.codec === 'aac' && config.channels === 2 && config.sampleRate === 48_000 ? 'silent' : 'audio';
}

function describeFrame({ track, dtsUs, isKey }: SourceFrame): string {
  const letter = track.kind === 'video' && isKey ? 'V' : nameOf(track)[0]!;
  return `${letter}${dtsUs / 1000}`;
}

function inputOf(waitMs = WAIT_MS): DummyAudio {
  const publication = new Publication({
    publicationFrame: (_, frame) => {
      seen.push(describeFrame(frame));
      frames.push(frame);
    },
    publicationTrack: (_, track) => void seen.push(`${nameOf(track)} ${track.id}`),
    publicationAnnounced: ({ announced }) => void seen.push(JSON.stringify(announced)),
    publicationEnded: () => void seen.push('end'),
  });
  return new DummyAudio(publication, waitMs);
}

beforeEach(() => {
  seen = [];
  frames = [];
  input = inputOf();
});

/** Mono, so that it is told from silence. */
const mono: Track = { ...aacTrack, config: { ...aacTrack.config, channels: 1 } as typeof aacTrack.config };

/** Pictures from `fromMs` to before `toMs`. */
function show(fromMs: number, toMs: number, stepMs = FRAME_MS): void {
  for (let timeMs = fromMs; timeMs < toMs; timeMs += stepMs) {
    input.write(frameOf(video, timeMs, { isKey: timeMs % 1000 === 0 }));
  }
}

/** What came since the last call. */
function take(): string {
  return seen.splice(0).join(', ');
}

/** Silent frames among all frames, in milliseconds. */
function silence(): number[] {
  return frames
    .filter(({ track }) => nameOf(track) === 'silent')
    .map(({ dtsUs }) => Math.round(dtsUs / 1000));
}

describe('a video without audio', () => {
  beforeEach(() => {
    input.setTrack(video);
  });

  test('waits, then comes with a silent frame beside its beginning and as many as fit before each picture', () => {
    show(0, 160);
    expect(take()).toBe('video 1');
    show(160, 200);
    expect(take()).toBe(
      'silent -1, s0, V0, s21.333, v40, s42.667, s64, v80, s85.333, s106.667, v120, s128, s149.333, v160',
    );
    show(200, 280);
    expect(take()).toBe('s170.667, s192, v200, s213.333, s234.667, v240');
  });

  test('has frames of 1024 samples, without drift, in lal’s bytes', () => {
    show(0, 600_000);
    const times = silence();
    const steps = new Set(times.slice(1).map((time, index) => time - times[index]!));
    expect(steps).toEqual(new Set([21, 22]));
    expect(times.length).toBe(28_124);
    for (const [index, time] of times.entries()) expect(time).toBe(Math.round((index * 64) / 3));
    const { track, ptsUs, dtsUs, isKey, data } = frames.find(({ track: { kind } }) => kind === 'audio')!;
    expect(track.config).toMatchObject({
      codec: 'aac',
      codecString: 'mp4a.40.2',
      sampleRate: 48_000,
      channels: 2,
    });
    expect('description' in track.config && Buffer.from(track.config.description).toString('hex')).toBe(
      '1190',
    );
    expect([ptsUs - dtsUs, isKey]).toEqual([0, true]);
    expect(Buffer.from(data).toString('hex')).toBe('211004608c1c');
  });

  test('without a time to wait begins at once', () => {
    input = inputOf(0);
    show(0, 80);
    expect(take()).toBe('video 1, silent -1, s0, V0, s21.333, v40');
  });

  test('keeps composition times, metadata and changed parameters where they were', () => {
    input.setTrack(script);
    show(0, 80);
    input.write(frameOf(script, 50));
    const changed = videoTrack(7);
    input.setTrack(changed);
    for (const timeMs of [80, 120, 160]) {
      input.write({ ...frameOf(changed, timeMs), ptsUs: (timeMs + 80) * 1000 });
    }
    expect(seen.filter((item) => !item.startsWith('s')).join(', ')).toBe(
      'video 1, data 3, V0, v40, d50, video 1, v80, v120, v160',
    );
    expect(frames.findLast(({ track }) => track === changed)!.ptsUs).toBe(240_000);
  });

  test('is not held back for longer than memory allows', () => {
    input = inputOf(1e9);
    const big = { bytes: 9 << 20 };
    input.write(frameOf(video, 0, { isKey: true, ...big }));
    expect(frames).toHaveLength(0);
    input.write(frameOf(video, 40, big));
    expect(take()).toBe('video 1, silent -1, s0, V0, s21.333, v40');
    input = inputOf(1e9);
    show(0, 2048 * 0.5, 0.5);
    expect(frames.filter(({ track }) => track.kind === 'video')).toHaveLength(2 + 2048);
  });

  test('is not held back for longer either when other things come, and no more pictures', () => {
    input.write(frameOf(video, 0, { isKey: true }));
    for (let timeMs = 1; timeMs < 2048; timeMs += 1) input.write(frameOf(script, timeMs));
    expect(frames.filter(({ track }) => track.kind === 'data')).toHaveLength(2047);
    expect(frames.slice(0, 2).map(describeFrame)).toEqual(['s0', 'V0']);
    input = inputOf();
    input.write(frameOf(video, 0, { isKey: true }));
    take();
    for (let change = 1; change < 2048; change += 1) input.setTrack(script);
    expect(take().startsWith('silent -1, s0, V0, data 3, data 3')).toBe(true);
  });

  test('that ends while it waits is there all the same', () => {
    show(0, 80);
    input.end();
    expect(take()).toBe('video 1, V0, v40, end');
  });

  test('has silence in a pause of its own, but not in a long one', () => {
    show(0, 1000);
    show(6000, 6040);
    expect(silence().at(-1)).toBe(5995);
    expect(silence().length).toBe(282);
    show(20_000, 20_080);
    expect(silence().slice(-3)).toEqual([5995, 20_016, 20_037]);
  });

  test('that steps back a little has no silence twice, and that leaps has it beside the new times', () => {
    show(0, 1000);
    take();
    show(800, 920);
    expect(take()).toBe('v800, v840, v880');
    show(960, 1040);
    expect(take()).toBe('v960, s981.333, V1000');
    input.write(frameOf(video, 500_000_000, { isKey: true }));
    input.write(frameOf(video, 500_000_040));
    input.write(frameOf(video, 40));
    input.write(frameOf(video, 80));
    expect(take()).toBe('V500000000, s500000002.667, s500000024, v500000040, v40, s45.334, s66.667, v80');
  });
});

describe('audio', () => {
  test('that is there from the beginning passes, and nothing is held back or added', () => {
    input.announce({ audio: true, video: true });
    input.setTrack(video);
    input.setTrack(mono);
    show(0, 120);
    input.write(frameOf(mono, 100));
    show(120, 200);
    expect(take()).toBe('{"audio":true,"video":true}, video 1, audio 2, V0, v40, v80, a100, v120, v160');
  });

  test('that comes while the video waits ends the waiting', () => {
    input.setTrack(video);
    show(0, 120);
    input.setTrack(mono);
    input.write(frameOf(mono, 30));
    expect(take()).toBe('video 1, audio 2, V0, v40, v80, a30');
    expect(silence()).toEqual([]);
  });

  test('alone is left alone', () => {
    input.announce({ audio: true, video: false });
    input.setTrack(mono);
    for (let timeMs = 0; timeMs < 5000; timeMs += 20) input.write(frameOf(mono, timeMs));
    expect(seen.slice(0, 3)).toEqual(['{"audio":true,"video":false}', 'audio 2', 'a0']);
    expect(silence()).toEqual([]);
  });

  test('of a codec that nobody knows is audio, too', () => {
    input.setTrack(video);
    show(0, 80);
    input.setTrack(opaque);
    input.write({ ...frameOf(opaque, 50), track: opaque });
    show(80, 8000);
    expect(silence()).toEqual([]);
    expect(seen.slice(0, 5)).toEqual(['video 1', 'V0', 'v40', 'opaque 5', 'o50']);
  });

  test('that was only announced is replaced, and announced where video is', () => {
    input.announce({ audio: false, video: true });
    input.setTrack(video);
    show(0, 200);
    expect(take()).toMatch(/^{"audio":true,"video":true}, video 1, silent -1, s0, /);
  });
});

describe('real audio that comes late', () => {
  beforeEach(() => {
    input.setTrack(video);
    show(0, 1000);
    take();
  });

  test('takes the place of silence under its track id, without gap or overlap', () => {
    input.setTrack(mono);
    show(1000, 1080);
    expect(take()).toBe('s981.333, V1000, s1002.667, s1024, v1040');
    input.write(frameOf(mono, 1080));
    expect(take()).toBe('s1045.333, audio -1, a1080');
    show(1080, 1160);
    input.write(frameOf(mono, 1101));
    expect(take()).toBe('v1080, v1120, a1101');
  });

  test.each([500, 2000, 9000])(
    'is cut off at the front where silence is already, and keeps its place beside the video, when it lags by %i ms',
    (lagMs) => {
      input.setTrack(mono);
      for (let timeMs = 1000; timeMs < 12_000; timeMs += FRAME_MS) {
        input.write(frameOf(mono, timeMs - lagMs));
        show(timeMs, timeMs + FRAME_MS);
      }
      const silenceEndMs = silence().at(-1)! + 64 / 3;
      expect(silenceEndMs).toBeLessThan(1000 + 64 / 3);
      const real = frames.filter(({ track }) => nameOf(track) === 'audio').map(({ dtsUs }) => dtsUs / 1000);
      const source = Array.from({ length: 275 }, (_, index) => 1000 - lagMs + index * FRAME_MS);
      expect(real).toEqual(source.filter((timeMs) => timeMs >= silenceEndMs));
    },
  );

  test('on a clock of its own is not waited for', () => {
    input.setTrack(mono);
    input.write(frameOf(mono, -50_000));
    expect(take()).toBe('audio -1, a-50000');
  });

  test('is not waited for any more when the clock of the video leaps back', () => {
    show(1000, 3000);
    input.setTrack(mono);
    input.write(frameOf(mono, 2500));
    take();
    input.write(frameOf(video, 0, { isKey: true }));
    input.write(frameOf(mono, 0));
    expect(take()).toBe('audio -1, V0, a0');
  });

  test('may change its parameters before and after', () => {
    input.setTrack(mono);
    input.setTrack(opusTrack);
    expect(take()).toBe('');
    input.write(frameOf(opusTrack, 1000));
    expect(take()).toBe('audio -1, a1000');
    input.setTrack(mono);
    input.write(frameOf(mono, 1020));
    expect(take()).toBe('audio -1, a1020');
    expect(frames.at(-1)!.track).toEqual({ ...mono, id: -1 });
  });

  test('beside which there is other audio leaves that alone', () => {
    const other: Track = { ...mono, id: 9 };
    input.setTrack(mono);
    input.setTrack(other);
    input.write(frameOf(other, 990));
    input.write(frameOf(mono, 1000));
    expect(take()).toBe('audio 9, a990, audio -1, a1000');
  });
});

describe('real audio that stops', () => {
  test('is followed by silence when the video has gone on for three seconds, under its id', () => {
    input.setTrack(video);
    input.setTrack(mono);
    for (let timeMs = 0; timeMs < 1000; timeMs += FRAME_MS) {
      show(timeMs, timeMs + FRAME_MS);
      input.write(frameOf(mono, timeMs));
    }
    show(1000, 3960);
    expect(silence()).toEqual([]);
    take();
    show(3960, 4040);
    expect(take()).toBe('silent 2, s3960, v3960, s3981.333, V4000');
    input.write(frameOf(mono, 4030));
    expect(take()).toBe('s4002.667, audio 2, a4030');
  });

  test('is not missed because the video pauses or leaps', () => {
    input.setTrack(video);
    input.setTrack(mono);
    input.write(frameOf(mono, 0));
    show(0, 600);
    show(3_000_000, 3_000_600);
    show(0, 500);
    expect(silence()).toEqual([]);
  });

  test('just as it took over gives way again', () => {
    input.setTrack(video);
    show(0, 1000);
    input.setTrack(mono);
    input.write(frameOf(mono, 500));
    show(1000, 5000);
    expect(silence().some((time) => time > 3900)).toBe(true);
    expect(seen.filter((item) => item.startsWith('silent'))).toHaveLength(2);
    expect(seen).not.toContain('a500');
  });
});

test('what was received and mended is the publication’s', () => {
  input.setTrack(video);
  show(0, 200);
  expect(input.frames).toMatchObject({ video: 5, audio: 8 });
  expect(input.counters).toEqual({ jumpsRepaired: 0, nonMonotonicFrames: 0 });
});
