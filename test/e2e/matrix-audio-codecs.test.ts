import { describeFfmpegMatrix } from '../support/ffmpeg-matrix.ts';

describeFfmpegMatrix('H.264 and MP3', 'h264-mp3');
describeFfmpegMatrix('H.264 and G.711 A-law', 'h264-g711a');
describeFfmpegMatrix('H.264 and G.711 mu-law', 'h264-g711u');
