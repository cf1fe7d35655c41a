import { describeFfmpegMatrix } from '../support/ffmpeg-matrix.ts';

// Long enough for what builds up slowly: drift, a full buffer, an acknowledgement window of 2.5 MB.
describeFfmpegMatrix('two minutes of H.264 with B-frames and AAC', 'two-minutes');
