import { MpegTsMuxer } from '../container/mpegts/mpeg-ts-muxer.ts';
import { mpegTsCanCarry } from '../container/mpegts/muxed-stream.ts';
import type { Packager, PackagerOutput, StreamState } from '../hub/packager.ts';
import type { MediaFrame } from '../media/media-frame.ts';
import type { Track } from '../media/track.ts';

/** MPEG-TS for viewers, HLS and recordings. Tables stand inside the stream, so newcomers need no headers. */
export class TsPackager implements Packager {
  readonly #muxer = new MpegTsMuxer();

  carries(track: Track): boolean {
    return mpegTsCanCarry(track);
  }

  fileHeader(): undefined {
    return undefined;
  }

  writeHeaders(): void {}

  writeTrack(_track: Track, state: StreamState, _timeUs: number, out: PackagerOutput): void {
    this.#muxer.setTracks(state.tracks, out);
  }

  endTrack(_track: Track, state: StreamState, out: PackagerOutput): void {
    this.#muxer.setTracks(state.tracks, out);
  }

  writeFrame(frame: MediaFrame, out: PackagerOutput): void {
    this.#muxer.write(frame, out);
  }

  finish(out: PackagerOutput): void {
    this.#muxer.end(out);
  }

  goOn(): void {
    this.#muxer.goOn();
  }
}
