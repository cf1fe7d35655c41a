import { describeFfmpegTsMatrix } from '../support/ffmpeg-ts-matrix.ts';

describeFfmpegTsMatrix('H.264 with B-frames and AAC', 'h264-bframes-aac');
describeFfmpegTsMatrix('H.264 baseline without delay and AAC', 'h264-baseline-aac');
