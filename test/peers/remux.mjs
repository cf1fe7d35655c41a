/**
 * `node remux.mjs INPUT OUTPUT [--realtime] [--codecs=FOURCC,…]`: copies a stream from one file or URL to an FLV file
 * or an RTMP or RTSP URL without encoding anew, through the FFmpeg libraries that come with node-av: FFmpeg 8, which knows
 * enhanced RTMP. What `ffmpeg -copyts [-re] [-rtmp_enhanced_codecs FOURCC,…] -i INPUT -c copy -f flv OUTPUT` does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Dictionary, FFmpegError, FormatContext, Packet } from 'node-av/lib';

const [input, output, ...flags] = process.argv.slice(2);
const isRealtime = flags.includes('--realtime');
const codecs = flags.find((flag) => flag.startsWith('--codecs='))?.slice('--codecs='.length);

function check(result, what) {
  FFmpegError.throwIfError(result, what);
}

async function openInput() {
  const context = new FormatContext();
  const options = {
    ...(input.startsWith('rtsp') ? { rtsp_transport: 'tcp' } : {}),
    ...(input.includes('s://') ? { tls_verify: '0' } : {}),
    ...(codecs === undefined ? {} : { rtmp_enhanced_codecs: codecs }),
  };
  const dictionary = Object.keys(options).length === 0 ? null : Dictionary.fromObject(options);
  check(await context.openInput(input, null, dictionary), `open ${input}`);
  check(await context.findStreamInfo(), 'find the streams');
  return context;
}

function outputOptions() {
  if (output.startsWith('rtmp')) return Dictionary.fromObject({ flvflags: 'no_duration_filesize' });
  if (output.startsWith('rtsp'))
    return Dictionary.fromObject({ rtsp_transport: 'tcp', strict: 'experimental' });
  return null;
}

async function openOutput(source) {
  const context = new FormatContext();
  check(
    context.allocOutputContext2(null, output.startsWith('rtsp') ? 'rtsp' : 'flv', output),
    'make the muxer',
  );
  for (const stream of source.streams) {
    const copy = context.newStream();
    check(stream.codecpar.copy(copy.codecpar), 'copy the codec parameters');
    copy.codecpar.codecTag = 0;
    copy.timeBase = stream.timeBase;
  }
  // RTSP opens its connections itself.
  if (!output.startsWith('rtsp')) check(await context.openOutput(), `open ${output}`);
  check(await context.writeHeader(outputOptions()), 'write the header');
  return context;
}

const source = await openInput();
const target = await openOutput(source);
const packet = new Packet();
packet.alloc();
const startedMs = performance.now();
while ((await source.readFrame(packet)) >= 0) {
  const { timeBase } = source.streams[packet.streamIndex];
  if (isRealtime) {
    const dueMs = startedMs + (Number(packet.dts) * timeBase.num * 1000) / timeBase.den;
    const waitMs = dueMs - performance.now();
    if (waitMs > 1) await sleep(waitMs);
  }
  packet.rescaleTs(timeBase, target.streams[packet.streamIndex].timeBase);
  check(await target.interleavedWriteFrame(packet), 'write a packet');
}
check(await target.writeTrailer(), 'write the end');
await target.closeOutput();
// The libraries keep threads; everything is written.
process.exit(0);
