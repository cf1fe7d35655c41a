import { ffprobeCells, gstreamerCells, ownCells } from '../support/rtsp-cells.ts';
import { describeRtspMatrix } from '../support/rtsp-matrix.ts';
import { fromRtmp } from '../support/rtsp-sources.ts';

const playerCells = [...ffprobeCells, ...gstreamerCells, ...ownCells];

describeRtspMatrix(
  'ffmpeg over RTMP: H.264 with B-frames and AAC',
  fromRtmp('h264-bframes-aac'),
  playerCells,
);
describeRtspMatrix('ffmpeg over RTMP: H.264 and G.711 A', fromRtmp('h264-g711a'), playerCells);
describeRtspMatrix('ffmpeg over RTMP: H.264 and MP3', fromRtmp('h264-mp3'), playerCells);
