import { h264Reader, h265Reader } from './access-unit-reader.ts';
import type { ElementaryStreamReader, ReaderContext } from './demuxer-events.ts';
import { adtsReader, mpegAudioReader } from './framed-audio-reader.ts';
import { opusHeadOfDescriptors } from './opus-descriptor.ts';
import { OpusReader } from './opus-reader.ts';
import type { ProgramMapEntry } from './program-tables.ts';
import { TsStreamType } from './stream-type.ts';

/** How an elementary stream is read. */
export interface ReaderKind {
  readonly kind: 'video' | 'audio';
  create(context: ReaderContext): ElementaryStreamReader;
}

/** The reader for a stream of the program map; `undefined` for codecs that are not read. */
export function readerOf(entry: ProgramMapEntry): ReaderKind | undefined {
  switch (entry.streamType) {
    case TsStreamType.h264:
      return { kind: 'video', create: h264Reader };
    case TsStreamType.h265:
      return { kind: 'video', create: h265Reader };
    case TsStreamType.aacAdts:
      return { kind: 'audio', create: adtsReader };
    case TsStreamType.mpeg1Audio:
    case TsStreamType.mpeg2Audio:
      return { kind: 'audio', create: mpegAudioReader };
    case TsStreamType.privateData: {
      const head = opusHeadOfDescriptors(entry.descriptors);
      if (head === undefined) return undefined;
      return { kind: 'audio', create: (context) => new OpusReader(context, head) };
    }
    default:
      return undefined;
  }
}
