import { describeFfmpegTsMatrix } from '../support/ffmpeg-ts-matrix.ts';

describeFfmpegTsMatrix('H.264 and MP3', 'h264-mp3');
describeFfmpegTsMatrix('H.264 and G.711, which stays behind', 'h264-g711a', { lacksAudio: true });
