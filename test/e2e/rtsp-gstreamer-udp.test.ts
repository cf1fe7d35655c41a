import { everyCell } from '../support/rtsp-cells.ts';
import { describeRtspMatrix } from '../support/rtsp-matrix.ts';
import { fromGstreamer } from '../support/rtsp-sources.ts';

describeRtspMatrix(
  'GStreamer over UDP: H.265 with B-frames and AAC',
  fromGstreamer('twelve-seconds-hevc', 'udp'),
  everyCell,
);
