/**
 * Makes assets/demo.flv, the stream that `npm run demo` plays in a loop: 24 s of H.264 with B-frames, 640x360 at
 * 25 frames/s, and AAC. A clock runs; each second begins with a white square and a beep, to judge by eye and ear
 * whether sound and picture belong together. The result is committed, so that nobody needs ffmpeg to see a picture.
 */
import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, runMain, ScriptError } from './environment.mjs';

const target = join(root, 'assets', 'demo.flv');
const largestBytes = 2_500_000;

/** A multiple of 8 s, so that a whole number of AAC frames fits and the end joins the beginning. */
const seconds = 24;
const framesPerSecond = 25;
const sampleRate = 48_000;
/** The encoder makes one more, for its delay. */
const audioFrames = (seconds * sampleRate) / 1024;

const fonts = [
  '/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf',
  '/usr/share/fonts/truetype/liberation/LiberationMono-Bold.ttf',
  '/usr/share/fonts/TTF/DejaVuSansMono-Bold.ttf',
];

/** The clock needs a font file; without one, the counter inside testsrc2 has to do. */
function clock() {
  const font = fonts.find((path) => existsSync(path));
  if (font === undefined) return [];
  const style = `fontfile=${font}:fontcolor=white:box=1:boxcolor=black@0.7:boxborderw=10`;
  return [
    `drawtext=${style}:fontsize=44:x=(w-tw)/2:y=h-th-40:timecode='00\\:00\\:00\\:00':rate=${framesPerSecond}`,
    `drawtext=${style}:fontsize=24:x=(w-tw)/2:y=30:text='lal-ts demo'`,
  ];
}

/** On for the first 80 ms (two pictures) of every second, in picture and sound alike. */
const onTheSecond = 'lt(mod(t\\,1)\\,0.08)';

const picture = [
  `testsrc2=size=640x360:rate=${framesPerSecond}:duration=${seconds}`,
  ...clock(),
  `drawbox=x=20:y=130:w=100:h=100:color=white:t=fill:enable='${onTheSecond}'`,
  'format=yuv420p',
].join(',');

/** 1 kHz, silent but for the beep. */
const sound = `aevalsrc=exprs='0.5*sin(2*PI*1000*t)*${onTheSecond}':sample_rate=${sampleRate}:duration=${seconds}`;

const video =
  '-c:v libx264 -threads 1 -profile:v main -preset slow -bf 2 -b_strategy 0 ' +
  '-g 50 -keyint_min 50 -sc_threshold 0 -b:v 620k -maxrate 800k -bufsize 800k';
const audio = `-c:a aac -b:a 96k -ac 2 -frames:a ${audioFrames}`;
/** Without dates, versions and threads: the same ffmpeg makes the same file. */
const plain = '-map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact';

async function ffmpeg(args) {
  const quietly = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y'];
  const { code, output } = await run('ffmpeg', [...quietly, ...args], { capture: true });
  if (code !== 0) throw new ScriptError(`ffmpeg failed with exit code ${code}:\n${output}`);
}

await runMain(async () => {
  const making = `${target}.making.flv`;
  const inputs = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', sound];
  const outputs = [video, audio, plain].flatMap((options) => options.split(' '));
  try {
    await ffmpeg([...inputs, ...outputs, making]);
    renameSync(making, target);
  } finally {
    rmSync(making, { force: true });
  }
  const { size } = statSync(target);
  if (size > largestBytes) throw new ScriptError(`${target} has ${size} bytes, more than ${largestBytes}`);
  console.log(`${target}: ${size} bytes`);
  return 0;
});
