import { crossingCells, ffprobeCells } from '../support/rtsp-cells.ts';
import { describeRtspMatrix } from '../support/rtsp-matrix.ts';
import { fromFfmpeg } from '../support/rtsp-sources.ts';

/** MPEG-TS has no VP9, and what leaves it out begins with the sound. */
const flvCells = crossingCells.filter(({ carrier }) => carrier === 'flv');

describeRtspMatrix('ffmpeg over TCP: VP9', fromFfmpeg('vp9-aac', 'tcp'), [...ffprobeCells, ...flvCells]);
describeRtspMatrix('ffmpeg over UDP: VP9', fromFfmpeg('vp9-aac', 'udp'), [...ffprobeCells, ...flvCells]);
