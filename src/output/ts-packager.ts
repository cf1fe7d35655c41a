import { MpegTsMuxer, type MpegTsOutput } from '../container/mpegts/mpeg-ts-muxer.ts';
import type { Packager, PackagerOutput, StreamState } from '../hub/packager.ts';
import type { MediaFrame } from '../media/media-frame.ts';
import type { Track } from '../media/track.ts';

/** MPEG-TS for viewers, HLS and recordings. Tables stand inside the stream, so newcomers need no headers. */
export class TsPackager implements Packager {
  readonly #muxer = new MpegTsMuxer();
  readonly #output = new UnitOutput();

  fileHeader(): undefined {
    return undefined;
  }

  writeHeaders(): void {}

  writeTrack(_track: Track, state: StreamState, _timeUs: number, out: PackagerOutput): void {
    this.#muxer.setTracks(state.tracks, this.#output.to(out));
  }

  writeFrame(frame: MediaFrame, out: PackagerOutput): void {
    const isCarried = this.#muxer.write(frame, this.#output.to(out));
    if (!isCarried && frame.track.kind === 'video' && frame.isKey) this.#output.standInFor(frame);
  }

  finish(out: PackagerOutput): void {
    this.#muxer.end(this.#output.to(out));
  }
}

/**
 * The hub lets viewers start at key frames when a stream has video. If a transport stream can't carry that video (AV1),
 * the next unit of audio takes the key frame's place.
 */
class UnitOutput implements MpegTsOutput {
  #out!: PackagerOutput;
  #keyFrame: MediaFrame | undefined;

  to(out: PackagerOutput): this {
    this.#out = out;
    return this;
  }

  standInFor(keyFrame: MediaFrame): void {
    this.#keyFrame = keyFrame;
  }

  beginUnit(frame: MediaFrame): void {
    this.#out.beginUnit(this.#keyFrame ?? frame);
    this.#keyFrame = undefined;
  }

  reserve(length: number): number {
    return this.#out.reserve(length);
  }

  get bytes(): Uint8Array {
    return this.#out.bytes;
  }
}
