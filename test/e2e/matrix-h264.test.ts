import { describeMatrix } from '../support/matrix.ts';

describeMatrix('H.264 with B-frames and AAC', 'h264-bframes-aac');
describeMatrix('H.264 baseline without delay and AAC', 'h264-baseline-aac');
