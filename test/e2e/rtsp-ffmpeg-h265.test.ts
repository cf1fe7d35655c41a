import { everyCell } from '../support/rtsp-cells.ts';
import { describeRtspMatrix } from '../support/rtsp-matrix.ts';
import { fromFfmpeg } from '../support/rtsp-sources.ts';

describeRtspMatrix('ffmpeg over UDP: H.265 with B-frames and AAC', fromFfmpeg('hevc-aac', 'udp'), everyCell);
describeRtspMatrix(
  'ffmpeg over UDP: H.264 baseline and AAC',
  fromFfmpeg('h264-baseline-aac', 'udp'),
  everyCell,
);
