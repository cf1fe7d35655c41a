import { describeFfmpegMatrix } from '../support/ffmpeg-matrix.ts';

describeFfmpegMatrix('H.264 with B-frames and AAC', 'h264-bframes-aac');
describeFfmpegMatrix('H.264 baseline without delay and AAC', 'h264-baseline-aac');
