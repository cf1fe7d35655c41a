import { fromDevice } from '../support/gb28181-sources.ts';
import { crossingCells, ffprobeCells, ownCells } from '../support/rtsp-cells.ts';
import { describeRtspMatrix } from '../support/rtsp-matrix.ts';

const tcpPlayers = [...crossingCells, ...ffprobeCells.slice(0, 1), ...ownCells.slice(0, 1)];

describeRtspMatrix(
  'a device over UDP: H.264 with B-frames and AAC',
  fromDevice('h264-bframes-aac', 'udp', { video: 'h264', audio: 'aac' }),
  [...ffprobeCells, ...ownCells, ...crossingCells],
);
describeRtspMatrix(
  'a device that connects: H.264, a packet for each NAL unit, and G.711 A-law',
  fromDevice(
    'h264-g711a',
    'tcp',
    { video: 'h264', audio: 'g711a' },
    {
      packets: 'nal',
      times: 'all',
      lacksAudio: ['ts'],
    },
  ),
  tcpPlayers,
);
describeRtspMatrix(
  'a device that is called: H.264, packets without length, and several frames of AAC in a packet',
  fromDevice(
    'h264-baseline-aac',
    'tcp-active',
    { video: 'h264', audio: 'aac' },
    {
      isUnbounded: true,
      audioFrames: 5,
      rtp: { payloadBytes: 40_000 },
    },
  ),
  tcpPlayers,
);
