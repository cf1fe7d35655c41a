import { fromFfmpegPs, fromGstreamerPs } from '../support/gb28181-sources.ts';
import { crossingCells, ffprobeCells, ownCells } from '../support/rtsp-cells.ts';
import { describeRtspMatrix } from '../support/rtsp-matrix.ts';

const tcpPlayers = [...ffprobeCells.slice(0, 1), ...ownCells.slice(0, 1)];
/** FLV calls MPEG audio of layer II MP3. */
const withoutFlv = [...crossingCells.filter(({ carrier }) => carrier !== 'flv'), ...ffprobeCells.slice(0, 1)];

describeRtspMatrix(
  "FFmpeg's program stream over UDP: H.264 with B-frames and MP2",
  fromFfmpegPs('h264-noise-mp2', 'vob', 'udp', { video: 'h264', audio: 'mp2' }),
  withoutFlv,
);
describeRtspMatrix(
  "FFmpeg's MPEG-1 system stream over TCP: H.265 with B-frames",
  fromFfmpegPs('hevc-noise', 'mpeg', 'tcp', { video: 'h265' }),
  [...crossingCells, ...tcpPlayers],
);
describeRtspMatrix(
  "GStreamer's program stream over TCP: H.264 with B-frames and AAC",
  fromGstreamerPs('h264-bframes-aac', 'tcp', { video: 'h264', audio: 'aac' }),
  tcpPlayers,
);
