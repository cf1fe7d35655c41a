import { everyCell } from '../support/rtsp-cells.ts';
import { describeRtspMatrix } from '../support/rtsp-matrix.ts';
import { fromFfmpeg } from '../support/rtsp-sources.ts';

const notInTs = { lacksAudio: ['ts'] } as const;

describeRtspMatrix('ffmpeg over TCP: H.264 and G.711 A', fromFfmpeg('h264-g711a', 'tcp', notInTs), everyCell);
describeRtspMatrix('ffmpeg over UDP: H.264 and G.711 µ', fromFfmpeg('h264-g711u', 'udp', notInTs), everyCell);
