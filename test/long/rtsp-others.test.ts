import { everyCell, ffprobeCells, gstreamerCells, ownCells } from '../support/rtsp-cells.ts';
import { describeRtspMatrix } from '../support/rtsp-matrix.ts';
import { fromFfmpeg, fromGstreamer, fromLal, fromRtmp } from '../support/rtsp-sources.ts';

const notInTs = { lacksAudio: ['ts'] } as const;
const playerCells = [...ffprobeCells, ...gstreamerCells, ...ownCells];

describeRtspMatrix('GStreamer over UDP: H.264', fromGstreamer('twelve-seconds', 'udp'), everyCell);
describeRtspMatrix('GStreamer over TCP: H.265', fromGstreamer('twelve-seconds-hevc', 'tcp'), everyCell);
describeRtspMatrix('our client over UDP: B-frames', fromLal('h264-bframes-aac', 'udp'), everyCell);
describeRtspMatrix('our client over TCP: G.711 A', fromLal('h264-g711a', 'tcp', notInTs), everyCell);
describeRtspMatrix('our client over UDP: MP3', fromLal('h264-mp3', 'udp'), everyCell);
describeRtspMatrix('our client over TCP: video alone', fromLal('video-only-h264', 'tcp'), everyCell);
describeRtspMatrix('ffmpeg over RTMP: baseline', fromRtmp('h264-baseline-aac'), playerCells);
describeRtspMatrix('ffmpeg over RTMP: G.711 µ', fromRtmp('h264-g711u'), playerCells);
describeRtspMatrix('ffmpeg over RTMP: video alone', fromRtmp('video-only-h264'), playerCells);
describeRtspMatrix('ffmpeg over TCP, for two minutes', fromFfmpeg('two-minutes', 'tcp'), everyCell);
