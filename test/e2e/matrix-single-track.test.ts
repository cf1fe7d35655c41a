import { describeFfmpegMatrix } from '../support/ffmpeg-matrix.ts';

describeFfmpegMatrix('AAC alone', 'audio-only-aac');
describeFfmpegMatrix('H.264 alone', 'video-only-h264');
