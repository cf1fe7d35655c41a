import { everyCell } from '../support/rtsp-cells.ts';
import { describeRtspMatrix } from '../support/rtsp-matrix.ts';
import { fromFfmpeg } from '../support/rtsp-sources.ts';

describeRtspMatrix(
  'ffmpeg over TCP: H.264 with B-frames and AAC',
  fromFfmpeg('h264-bframes-aac', 'tcp'),
  everyCell,
);
describeRtspMatrix(
  'ffmpeg over UDP: H.264 in slices and Opus',
  fromFfmpeg('h264-slices-opus', 'udp'),
  everyCell,
);
