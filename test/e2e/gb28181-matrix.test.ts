import { fromDevice } from '../support/gb28181-sources.ts';
import { crossingCells, ffprobeCells, ownCells } from '../support/rtsp-cells.ts';
import { describeRtspMatrix } from '../support/rtsp-matrix.ts';

describeRtspMatrix(
  'a device over UDP: H.264 with B-frames and AAC',
  fromDevice('h264-bframes-aac', 'udp', { video: 'h264', audio: 'aac' }),
  [...ffprobeCells, ...ownCells, ...crossingCells],
);
describeRtspMatrix(
  'a device that connects: H.264 and G.711 A-law',
  fromDevice('h264-g711a', 'tcp', { video: 'h264', audio: 'g711a' }, { lacksAudio: ['ts'] }),
  crossingCells,
);
