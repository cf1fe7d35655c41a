import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ntpTimeOfUnixUs } from './ntp-time.ts';
import { SourceClock, type ReportedTime, type SourceTrackClock } from './source-clock.ts';

/** A moment in 2024, when all test streams begin. */
const START_UNIX_US = 1_720_000_000_000_000;

/** A sender's track: RTP timestamps that count from a number of its own. */
class Sender {
  readonly #clockRate: number;
  readonly #firstTicks: number;

  constructor(clockRate: number, firstTicks: number) {
    this.#clockRate = clockRate;
    this.#firstTicks = firstTicks;
  }

  /** Unwrapped. */
  ticks(ms: number): number {
    return this.#firstTicks + Math.round((ms * this.#clockRate) / 1000);
  }

  /** @param wallErrorMs what the wall clock is ahead by */
  report(ms: number, wallErrorMs = 0): ReportedTime {
    const rtpTimestamp = ((this.ticks(ms) % 2 ** 32) + 2 ** 32) % 2 ** 32;
    return { ...ntpTimeOfUnixUs(START_UNIX_US + (ms + wallErrorMs) * 1000), rtpTimestamp };
  }
}

function session(): { clock: SourceClock; video: SourceTrackClock; audio: SourceTrackClock } {
  const clock = new SourceClock();
  return { clock, video: clock.addTrack(90_000, true), audio: clock.addTrack(48_000, false) };
}

const videoSender = new Sender(90_000, 3_000_000_000);
const audioSender = new Sender(48_000, 77);

/** Plays both tracks from `fromMs` to `toMs`, without delay on the way; the audio's error against the video after each unit. */
function play(
  { video, audio }: { video: SourceTrackClock; audio: SourceTrackClock },
  fromMs: number,
  toMs: number,
): number[] {
  const errors: number[] = [];
  for (let ms = fromMs; ms < toMs; ms += 20) {
    const videoUs = video.timeUs(videoSender.ticks(ms), ms);
    errors.push((audio.timeUs(audioSender.ticks(ms), ms) - videoUs) / 1000);
  }
  return errors;
}

test('the first unit of the session has time 0, and distances are exact to the rounding however long it runs', () => {
  const { audio } = session();
  expect(audio.timeUs(1000, 5)).toBe(0);
  expect(audio.timeUs(2024, 6)).toBe(21_333);
  expect(audio.timeUs(3048, 6)).toBe(42_667);
  const yearOfTicks = 365 * 86_400 * 48_000;
  expect(audio.timeUs(1000 + yearOfTicks + 1024, 6)).toBe(365 * 86_400 * 1e6 + 21_333);
});

test('times of steps back are right as well', () => {
  const { video } = session();
  const ticks = [0, 10_800, 3600, 7200];
  expect(ticks.map((step) => video.timeUs(5_000_000 + step, 0))).toEqual([0, 120_000, 40_000, 80_000]);
  expect(video.timeUs(5_000_000 - 3600, 0)).toBe(-40_000);
});

test('without reports the arrival of the first units sets the tracks against each other', () => {
  const { video, audio } = session();
  expect(video.timeUs(videoSender.ticks(0), 1000)).toBe(0);
  expect(video.timeUs(videoSender.ticks(40), 1090)).toBe(40_000);
  expect(audio.timeUs(audioSender.ticks(60), 1070.25)).toBe(70_250);
  // Later arrivals say nothing.
  expect(audio.timeUs(audioSender.ticks(80), 5000)).toBe(90_250);
});

test('without reports, tracks that count from one zero are set against each other by that, where the arrival fits', () => {
  const arrivals: [latenessMs: number, us: number][] = [
    [0, 60_000],
    [130, 60_000],
    [-900, 60_000],
    // Too far off to be believed.
    [1100, 1_160_000],
  ];
  for (const [latenessMs, us] of arrivals) {
    const { video, audio } = session();
    expect(video.timeUs(90 * 5000, 3000)).toBe(0);
    expect(audio.timeUs(48 * 5060, 3060 + latenessMs)).toBe(us);
    expect(audio.timeUs(48 * 5080, 9000)).toBe(us + 20_000);
  }
});

test('tracks that each count from their own beginning are set against each other by their arrival', () => {
  const { video, audio } = session();
  expect(video.timeUs(0, 3000)).toBe(0);
  expect(audio.timeUs(0, 3300)).toBe(300_000);
});

test('what the count says is corrected by reports that say otherwise', () => {
  const { clock, video, audio } = session();
  const [pictures, sound] = [new Sender(90_000, 90 * 700), new Sender(48_000, 48 * 200)];
  expect(video.timeUs(pictures.ticks(0), 0)).toBe(0);
  expect(audio.timeUs(sound.ticks(0), 0)).toBe(-500_000);
  video.receiveReport(pictures.report(0));
  audio.receiveReport(sound.report(0));
  expect(clock.counters).toEqual({ ignoredReports: 0, corrections: 1 });
});

test('reports that come before the first units set the tracks against each other exactly', () => {
  const { clock, video, audio } = session();
  audio.receiveReport(audioSender.report(-500));
  video.receiveReport(videoSender.report(-10));
  expect(video.timeUs(videoSender.ticks(0), 0)).toBe(0);
  // It was on the way for 300 ms longer.
  expect(audio.timeUs(audioSender.ticks(-20), 280)).toBe(-20_000);
  expect(clock.counters).toEqual({ ignoredReports: 0, corrections: 0 });
});

test('the reports are found over a wrap of the timestamps', () => {
  const clock = new SourceClock();
  const video = clock.addTrack(90_000, true);
  const audio = clock.addTrack(8000, false);
  const wrapping = new Sender(8000, 2 ** 32 - 80);
  video.receiveReport(videoSender.report(0));
  audio.receiveReport(wrapping.report(1000)); // behind the wrap
  video.timeUs(videoSender.ticks(0), 0);
  expect(audio.timeUs(wrapping.ticks(0), 100)).toBe(0);
  audio.receiveReport(wrapping.report(5000));
  video.receiveReport(videoSender.report(5000));
  expect(audio.timeUs(wrapping.ticks(6000), 6000)).toBe(6_000_000);
  expect(clock.counters).toEqual({ ignoredReports: 0, corrections: 0 });
});

test('a track that begins later finds its place by reports', () => {
  const tracks = session();
  tracks.video.timeUs(videoSender.ticks(0), 0);
  tracks.video.receiveReport(videoSender.report(10));
  tracks.audio.receiveReport(audioSender.report(30_000));
  expect(tracks.audio.timeUs(audioSender.ticks(30_000), 30_400)).toBe(30_000_000);
});

test('the audio is the one that is set right when the video comes later', () => {
  const { video, audio } = session();
  audio.receiveReport(audioSender.report(0));
  expect(audio.timeUs(audioSender.ticks(0), 0)).toBe(0);
  video.receiveReport(videoSender.report(0));
  expect(video.timeUs(videoSender.ticks(100), 500)).toBe(100_000);
});

test('reports that come later move the audio slowly, and the video not at all', () => {
  const tracks = session();
  const { video, audio, clock } = tracks;
  video.timeUs(videoSender.ticks(0), 0);
  audio.timeUs(audioSender.ticks(0), 300); // 300 ms late
  expect(play(tracks, 20, 1000).every((error) => error === 300)).toBe(true);
  video.receiveReport(videoSender.report(1000));
  audio.receiveReport(audioSender.report(1000));
  const errors = play(tracks, 1000, 9000);
  const steps = errors.map((error, index) => (errors[index - 1] ?? 300) - error);
  expect(Math.max(...steps)).toBeLessThanOrEqual(1.001);
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(-0.001);
  // 300 ms at 1/20 take 6 s.
  expect(errors[Math.floor(5900 / 20)]).toBeGreaterThan(0);
  expect(errors.slice(Math.ceil(6100 / 20)).every((error) => Math.abs(error) < 0.001)).toBe(true);
  expect(clock.counters).toEqual({ ignoredReports: 0, corrections: 1 });
});

test('a track is moved backwards without its times going back', () => {
  const { video, audio } = session();
  audio.timeUs(audioSender.ticks(0), 5000); // first, but 5 s late
  video.timeUs(videoSender.ticks(0), 5000);
  video.receiveReport(videoSender.report(0));
  audio.receiveReport(audioSender.report(0, -5000));
  let last = 0;
  for (let ms = 20; ms < 2000; ms += 20) {
    const us = audio.timeUs(audioSender.ticks(ms), 5000 + ms);
    expect(us - last).toBeGreaterThanOrEqual(19_000 - 1);
    expect(us - last).toBeLessThan(20_000);
    last = us;
  }
});

test('reports that agree within 20 ms change nothing', () => {
  const tracks = session();
  const { video, audio, clock } = tracks;
  play(tracks, 0, 1000);
  for (let ms = 1000; ms < 60_000; ms += 5000) {
    video.receiveReport(videoSender.report(ms));
    audio.receiveReport(audioSender.report(ms, ms % 2 === 0 ? 19 : -19));
    expect(play(tracks, ms, ms + 5000).every((error) => error === 0)).toBe(true);
  }
  expect(clock.counters).toEqual({ ignoredReports: 0, corrections: 0 });
});

test('wall clocks that differ by more than 10 s are not believed, and counted', () => {
  const { video, audio, clock } = session();
  video.receiveReport(videoSender.report(0));
  audio.receiveReport(audioSender.report(0, 3_600_000));
  video.timeUs(videoSender.ticks(0), 0);
  expect(audio.timeUs(audioSender.ticks(0), 40)).toBe(40_000);
  expect(clock.counters).toEqual({ ignoredReports: 1, corrections: 0 });
  video.receiveReport(videoSender.report(5000));
  audio.receiveReport(audioSender.report(5000, 3_600_000));
  expect(audio.timeUs(audioSender.ticks(5020), 5020)).toBe(5_060_000);
  expect(clock.counters).toEqual({ ignoredReports: 2, corrections: 0 });
});

test('a report without a wall clock is not believed', () => {
  const { video, audio, clock } = session();
  video.receiveReport({ ntpSeconds: 0, ntpFraction: 0, rtpTimestamp: 0 });
  audio.receiveReport(audioSender.report(0));
  video.timeUs(videoSender.ticks(0), 0);
  expect(audio.timeUs(audioSender.ticks(0), 70)).toBe(70_000);
  expect(clock.counters.ignoredReports).toBe(1);
});

test('a sender that sets its wall clock moves nothing', () => {
  const tracks = session();
  const { video, audio, clock } = tracks;
  play(tracks, 0, 1000);
  video.receiveReport(videoSender.report(1000));
  audio.receiveReport(audioSender.report(1000));
  play(tracks, 1000, 6000);
  // The first report with the new wall clock stands beside an old one of the other track.
  video.receiveReport(videoSender.report(6000, 3000));
  audio.receiveReport(audioSender.report(6000, 3000));
  video.receiveReport(videoSender.report(11_000, 3000));
  audio.receiveReport(audioSender.report(11_000, 3000));
  expect(play(tracks, 11_000, 16_000).every((error) => error === 0)).toBe(true);
  expect(clock.counters).toEqual({ ignoredReports: 0, corrections: 0 });
});

test('a source that starts anew goes on where the other track is', () => {
  const tracks = session();
  play(tracks, 0, 2000);
  tracks.video.receiveReport(videoSender.report(2000));
  tracks.audio.receiveReport(audioSender.report(2000));
  tracks.audio.restart();
  const restarted = new Sender(48_000, 123_456_789);
  expect(tracks.audio.timeUs(restarted.ticks(3000), 3000)).toBe(3_000_000);
  expect(tracks.audio.timeUs(restarted.ticks(3020), 3300)).toBe(3_020_000);
  tracks.audio.restart();
  tracks.audio.receiveReport(audioSender.report(4000));
  expect(tracks.audio.timeUs(audioSender.ticks(4000), 4500)).toBe(4_000_000);
});

test('a session of one track goes on after its source started anew, and not before its own end', () => {
  const clock = new SourceClock();
  const audio = clock.addTrack(48_000, false);
  audio.timeUs(0, 100);
  audio.timeUs(480_000, 120); // a burst
  audio.restart();
  expect(audio.timeUs(999, 5120)).toBe(15_000_000);
  audio.restart();
  expect(audio.timeUs(5, 5000)).toBe(15_000_000);
});

test('whatever reports say, the video is as exact as without, and audio runs at most 1/20 faster or slower', () => {
  const report = fc.record({
    isVideo: fc.boolean(),
    atMs: fc.nat(20_000),
    ntpSeconds: fc.oneof(fc.nat(0xffff_ffff), fc.integer({ min: 3_928_988_790, max: 3_928_988_815 })),
    ntpFraction: fc.nat(0xffff_ffff),
    rtpTimestamp: fc.nat(0xffff_ffff),
  });
  fc.assert(
    fc.property(fc.array(report, { maxLength: 30 }), (reports) => {
      const { video, audio } = session();
      let lastAudioUs: number | undefined;
      for (let ms = 0; ms < 20_000; ms += 100) {
        for (const said of reports.filter(({ atMs }) => Math.floor(atMs / 100) * 100 === ms)) {
          (said.isVideo ? video : audio).receiveReport(said);
        }
        expect(video.timeUs(videoSender.ticks(ms), ms)).toBe(ms * 1000);
        const audioUs = audio.timeUs(audioSender.ticks(ms), ms);
        if (lastAudioUs !== undefined) {
          expect(Math.abs(audioUs - lastAudioUs - 100_000)).toBeLessThanOrEqual(5001);
        }
        lastAudioUs = audioUs;
      }
    }),
    { numRuns: 60 },
  );
});
