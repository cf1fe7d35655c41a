import { FlvDemuxer } from '../container/flv/flv-demuxer.ts';
import { FlvTagToFrames } from '../container/flv/tag-to-frames.ts';
import type { MediaFrame } from '../media/media-frame.ts';
import { fixture } from './fixture.ts';

/** Audio and video frames of a file under test/fixtures/flv/, in the order of the file. */
export function flvFrames(name: string): MediaFrame[] {
  const demuxer = new FlvDemuxer();
  demuxer.receive(fixture(`flv/${name}.flv`));
  const reader = new FlvTagToFrames();
  for (let tag = demuxer.nextTag(); tag !== undefined; tag = demuxer.nextTag()) reader.read(tag);
  return reader
    .takeEvents()
    .flatMap((event) => (event.type === 'frame' && event.frame.track.kind !== 'data' ? [event.frame] : []))
    .map((frame) => ({ ...frame, discontinuity: false, arrivedMs: 0 }));
}
