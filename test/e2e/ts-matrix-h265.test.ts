import { join } from 'node:path';
import { readFlvTags } from '../support/flv-file.ts';
import { projectRoot } from '../support/project.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { describeTsMatrix } from '../support/ts-matrix.ts';

const file = join(projectRoot, 'test', 'fixtures', 'flv', 'hevc-opus.flv');

describeTsMatrix('H.265 with B-frames and Opus', {
  file,
  isEnhanced: true,
  fragments: 1,
  async publish(scope, server, streamName) {
    const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, streamName);
    await publisher.sendPaced(readFlvTags(file));
    await publisher.close();
  },
});
