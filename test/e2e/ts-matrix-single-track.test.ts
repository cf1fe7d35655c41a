import { describeFfmpegTsMatrix } from '../support/ffmpeg-ts-matrix.ts';

describeFfmpegTsMatrix('AAC alone', 'audio-only-aac');
describeFfmpegTsMatrix('H.264 alone', 'video-only-h264');
