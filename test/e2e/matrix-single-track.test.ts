import { describeMatrix } from '../support/matrix.ts';

describeMatrix('AAC alone', 'audio-only-aac');
describeMatrix('H.264 alone', 'video-only-h264');
