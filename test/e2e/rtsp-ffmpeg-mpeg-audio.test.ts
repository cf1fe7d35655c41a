import { crossingCells, everyCell, ffprobeCells, ownCells } from '../support/rtsp-cells.ts';
import { describeRtspMatrix } from '../support/rtsp-matrix.ts';
import { fromFfmpeg } from '../support/rtsp-sources.ts';

describeRtspMatrix('ffmpeg over TCP: H.264 and MP3', fromFfmpeg('h264-mp3', 'tcp'), everyCell);
describeRtspMatrix(
  'ffmpeg over TCP: H.264 and MP2, which no output but RTSP knows',
  fromFfmpeg('h264-mp2', 'tcp', { lacksAudio: ['flv', 'ts'] }),
  [...ffprobeCells, ...ownCells, ...crossingCells],
);
