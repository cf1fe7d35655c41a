import { everyCell } from '../support/rtsp-cells.ts';
import { describeRtspMatrix } from '../support/rtsp-matrix.ts';
import { fromLal, fromWebSocket } from '../support/rtsp-sources.ts';

describeRtspMatrix(
  'our client over TCP: H.264 with B-frames and AAC',
  fromLal('h264-bframes-aac', 'tcp'),
  everyCell,
);
describeRtspMatrix(
  'our client over UDP: H.264 baseline and AAC',
  fromLal('h264-baseline-aac', 'udp'),
  everyCell,
);
describeRtspMatrix(
  'a plain WebSocket: H.264 with B-frames and AAC',
  fromWebSocket('h264-bframes-aac'),
  everyCell,
);
