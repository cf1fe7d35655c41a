/**
 * The published media, made with ffmpeg's test sources on first use and kept in test/.cache. Each FLV fixture has been
 * through ffmpeg's FLV muxer twice: `ffmpeg -c copy` sends such a file unchanged, so the file itself is the reference
 * that viewers are compared with.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readFlvFile } from './flv-file.ts';
import type { Recording } from './flv-file.ts';
import { runProgram } from './program.ts';
import { cacheFolder, certificateFile, certificateKeyFile, demoFile } from './project.ts';

/** Bump when a recipe changes, so that files of an older recipe are not used. */
const recipeVersion = 1;

interface Recipe {
  /** Extension of the result; FLV fixtures are references, others are input for newer programs. */
  readonly extension: 'flv' | 'mp4' | 'mkv' | 'ts';
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Length; 6 seconds where nothing is said. Longer ones are made by those who need them. */
  readonly seconds?: number;
}

const defaultSeconds = 6;
const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25'];
const noise = ['-f', 'lavfi', '-i', 'testsrc2=size=160x120:rate=25,noise=alls=60:allf=t:all_seed=1'];
const beep = (sampleRate: number): string[] => [
  '-f',
  'lavfi',
  '-i',
  `sine=frequency=440:beep_factor=3:sample_rate=${sampleRate}`,
];

/** One key frame a second and no others, so that tests know where they are. */
const everySecond = [
  '-g',
  '25',
  '-keyint_min',
  '25',
  '-sc_threshold',
  '0',
  '-pix_fmt',
  'yuv420p',
  '-b:v',
  '200k',
];
const x264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-threads', '1', ...everySecond];
const mainWithBFrames = [...x264, '-profile:v', 'main', '-bf', '2', '-b_strategy', '0'];
const baseline = [...x264, '-profile:v', 'baseline', '-tune', 'zerolatency'];
const hevc = [
  '-c:v',
  'libx265',
  '-preset',
  'ultrafast',
  '-pix_fmt',
  'yuv420p',
  '-x265-params',
  'log-level=error:keyint=25:min-keyint=25:scenecut=0:bframes=2:open-gop=0:pools=1:frame-threads=1',
  '-tag:v',
  'hvc1',
];
const aac = ['-c:a', 'aac', '-b:a', '64k', '-ac', '2'];

const recipes = {
  'h264-bframes-aac': {
    extension: 'flv',
    inputs: [...picture, ...beep(44100)],
    outputs: [...mainWithBFrames, ...aac],
  },
  'two-minutes': {
    extension: 'flv',
    inputs: [...picture, ...beep(44100)],
    outputs: [...mainWithBFrames, ...aac],
    seconds: 120,
  },
  /** For publishers that say after some seconds only how audio and video lie to each other. */
  'twelve-seconds': {
    extension: 'flv',
    inputs: [...picture, ...beep(44100)],
    outputs: [...mainWithBFrames, ...aac],
    seconds: 12,
  },
  'twelve-seconds-hevc': {
    extension: 'mp4',
    inputs: [...picture, ...beep(44100)],
    outputs: [...hevc, ...aac],
    seconds: 12,
  },
  /** The sample with a key frame every second instead of every other, for fragments of a second. */
  'demo-by-the-second': {
    extension: 'flv',
    inputs: ['-copyts', '-i', demoFile],
    outputs: [...mainWithBFrames, '-b:v', '600k', '-c:a', 'copy'],
    seconds: 25,
  },
  'h264-baseline-aac': {
    extension: 'flv',
    inputs: [...picture, ...beep(48000)],
    outputs: [...baseline, ...aac],
  },
  'audio-only-aac': { extension: 'flv', inputs: beep(44100), outputs: aac },
  'video-only-h264': { extension: 'flv', inputs: picture, outputs: mainWithBFrames },
  'h264-mp3': {
    extension: 'flv',
    inputs: [...picture, ...beep(44100)],
    outputs: [...baseline, '-c:a', 'libmp3lame', '-b:a', '64k', '-ac', '2'],
  },
  'h264-g711a': {
    extension: 'flv',
    inputs: [...picture, ...beep(8000)],
    outputs: [...baseline, '-c:a', 'pcm_alaw', '-ac', '1'],
  },
  'h264-g711u': {
    extension: 'flv',
    inputs: [...picture, ...beep(8000)],
    outputs: [...baseline, '-c:a', 'pcm_mulaw', '-ac', '1'],
  },
  /** Each picture in several slices, as cameras send them; Opus has no place in the FLV of the machine's ffmpeg. */
  'h264-slices-opus': {
    extension: 'mp4',
    inputs: [...picture, ...beep(48000)],
    outputs: [...mainWithBFrames, '-x264-params', 'slices=4', '-c:a', 'libopus', '-b:a', '64k', '-ac', '2'],
  },
  /** Audio that no output but RTSP knows. */
  'h264-mp2': {
    extension: 'mkv',
    inputs: [...picture, ...beep(48000)],
    outputs: [...baseline, '-c:a', 'mp2', '-b:a', '128k', '-ac', '2'],
  },
  /** Pictures so large that no two begin in one packet of a program stream, whose times FFmpeg would leave out. */
  'h264-noise-mp2': {
    extension: 'ts',
    inputs: [...noise, ...beep(48000)],
    outputs: [...mainWithBFrames, '-b:v', '1500k', '-qmax', '40', '-c:a', 'mp2', '-b:a', '128k', '-ac', '2'],
  },
  'hevc-noise': {
    extension: 'ts',
    inputs: noise,
    outputs: [...hevc, '-b:v', '1500k'],
  },
  'hevc-aac': {
    extension: 'mp4',
    inputs: [...picture, ...beep(44100)],
    outputs: [...hevc, ...aac],
  },
  'av1-aac': {
    extension: 'mp4',
    inputs: [...picture, ...beep(44100)],
    outputs: [
      '-c:v',
      'libsvtav1',
      '-preset',
      '12',
      '-g',
      '25',
      '-pix_fmt',
      'yuv420p',
      '-b:v',
      '200k',
      ...aac,
    ],
  },
  'vp9-aac': {
    extension: 'mp4',
    inputs: [...picture, ...beep(44100)],
    outputs: [
      '-c:v',
      'libvpx-vp9',
      '-deadline',
      'realtime',
      '-cpu-used',
      '8',
      '-g',
      '25',
      '-pix_fmt',
      'yuv420p',
      '-b:v',
      '200k',
      ...aac,
    ],
  },
} satisfies Record<string, Recipe>;

export type FixtureName = keyof typeof recipes;

const secondsOf = (name: FixtureName): number => (recipes[name] as Recipe).seconds ?? defaultSeconds;

export const flvFixtures: FixtureName[] = (Object.keys(recipes) as FixtureName[]).filter(
  (name) => recipes[name].extension === 'flv' && secondsOf(name) === defaultSeconds,
);

/** Where a fixture is, or will be after `makeFixture`. */
export function fixturePath(name: FixtureName): string {
  return join(cacheFolder, `${name}-v${recipeVersion}.${recipes[name].extension}`);
}

async function ffmpeg(...args: string[]): Promise<void> {
  await runProgram('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', ...args], {
    timeoutMs: 110_000,
  });
}

/** Makes a fixture unless it is there already. Whole or not at all: it gets its name when it is finished. */
export async function makeFixture(name: FixtureName): Promise<string> {
  const path = fixturePath(name);
  if (existsSync(path)) return path;
  mkdirSync(cacheFolder, { recursive: true });
  const { extension, inputs, outputs } = recipes[name];
  const encoded = join(cacheFolder, `making-${process.pid}-${name}.${extension}`);
  const remuxed = join(cacheFolder, `making-${process.pid}-${name}-remuxed.${extension}`);
  try {
    await ffmpeg(...inputs, ...outputs, '-t', String(secondsOf(name)), encoded);
    await ffmpeg('-i', encoded, '-c', 'copy', remuxed);
    renameSync(remuxed, path);
  } finally {
    rmSync(encoded, { force: true });
    rmSync(remuxed, { force: true });
  }
  return path;
}

/** What viewers of an FLV fixture must receive. */
export function referenceOf(name: FixtureName): Recording {
  return readFlvFile(fixturePath(name));
}

/** A self-signed certificate for 127.0.0.1, made with openssl on first use. */
export async function makeCertificate(): Promise<void> {
  if (existsSync(certificateFile) && existsSync(certificateKeyFile)) return;
  mkdirSync(cacheFolder, { recursive: true });
  const key = `${certificateKeyFile}-${process.pid}`;
  const certificate = `${certificateFile}-${process.pid}`;
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const form = [
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '3650',
  ];
  await runProgram('openssl', ['req', ...form, ...names, '-keyout', key, '-out', certificate]);
  renameSync(key, certificateKeyFile);
  renameSync(certificate, certificateFile);
}
