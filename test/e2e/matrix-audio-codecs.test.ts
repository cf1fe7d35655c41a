import { describeMatrix } from '../support/matrix.ts';

describeMatrix('H.264 and MP3', 'h264-mp3');
describeMatrix('H.264 and G.711 A-law', 'h264-g711a');
describeMatrix('H.264 and G.711 mu-law', 'h264-g711u');
