import { crossingCells, everyCell, ffprobeCells, ownCells } from '../support/rtsp-cells.ts';
import { describeRtspMatrix } from '../support/rtsp-matrix.ts';
import { fromFfmpeg } from '../support/rtsp-sources.ts';

const notInTs = { lacksAudio: ['ts'] } as const;
const onlyInRtsp = { lacksAudio: ['flv', 'ts'] } as const;

describeRtspMatrix('ffmpeg over TLS', fromFfmpeg('h264-bframes-aac', 'tls'), everyCell);
describeRtspMatrix('ffmpeg over UDP: B-frames', fromFfmpeg('h264-bframes-aac', 'udp'), everyCell);
describeRtspMatrix('ffmpeg over TCP: baseline', fromFfmpeg('h264-baseline-aac', 'tcp'), everyCell);
describeRtspMatrix('ffmpeg over TCP: slices, Opus', fromFfmpeg('h264-slices-opus', 'tcp'), everyCell);
describeRtspMatrix('ffmpeg over TCP: H.265', fromFfmpeg('hevc-aac', 'tcp'), everyCell);
describeRtspMatrix('ffmpeg over UDP: G.711 A', fromFfmpeg('h264-g711a', 'udp', notInTs), everyCell);
describeRtspMatrix('ffmpeg over TCP: G.711 µ', fromFfmpeg('h264-g711u', 'tcp', notInTs), everyCell);
describeRtspMatrix('ffmpeg over UDP: MP3', fromFfmpeg('h264-mp3', 'udp'), everyCell);
describeRtspMatrix('ffmpeg over UDP: MP2', fromFfmpeg('h264-mp2', 'udp', onlyInRtsp), [
  ...ffprobeCells,
  ...ownCells,
  ...crossingCells,
]);
describeRtspMatrix('ffmpeg over TCP: video alone', fromFfmpeg('video-only-h264', 'tcp'), everyCell);
