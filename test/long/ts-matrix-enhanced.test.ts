import { enhancedFixturePath, publishWithFfmpeg8 } from '../support/peers.ts';
import { describeTsMatrix } from '../support/ts-matrix.ts';

const file = enhancedFixturePath('hevc-aac');

describeTsMatrix('H.265 and AAC, published by FFmpeg 8', {
  file,
  isEnhanced: true,
  async publish(scope, server, streamName) {
    const publisher = publishWithFfmpeg8(scope, file, server.rtmpUrl(streamName));
    const { code } = await publisher.exited;
    if (code !== 0) throw new Error(`the publisher failed: ${publisher.describe()}`);
  },
});
