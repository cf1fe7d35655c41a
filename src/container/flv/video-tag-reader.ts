import { equalBytes } from '../../bytes/equal-bytes.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { withAv1SequenceHeader } from '../../codec/av1/av1-config.ts';
import { removeTemporalDelimiters } from '../../codec/av1/obu.ts';
import type { VideoConfig } from '../../codec/codec-config.ts';
import { normalizeH264AccessUnit } from '../../codec/h264/access-unit.ts';
import { withH264ParameterSets } from '../../codec/h264/h264-config.ts';
import { H264NalUnitType } from '../../codec/h264/nal-unit-type.ts';
import { normalizeH265AccessUnit } from '../../codec/h265/access-unit.ts';
import { withH265ParameterSets } from '../../codec/h265/h265-config.ts';
import { H265NalUnitType } from '../../codec/h265/nal-unit-type.ts';
import type { NalLengthSize } from '../../codec/nal/length-prefixed.ts';
import { withVp9FrameSize } from '../../codec/vp9/vp9-config.ts';
import type { Track } from '../../media/track.ts';
import type { FlvSpelling } from './codec-spelling.ts';
import { FlvFrameType, FlvTrackId } from './flv-types.ts';
import type { FlvEventQueue } from './media-events.ts';
import { videoConfigFromFrame, nalLengthSizeOf, videoConfigFromRecord } from './video-config.ts';
import { parseVideoTagBody } from './video-tag-body.ts';
import type { FlvVideoBody } from './video-tag-body.ts';

/** The video track of one publication, and its video metadata. Damage throws and leaves the track as it was. */
export class VideoTagReader {
  readonly #events: FlvEventQueue;
  #track: Track | undefined;
  /**
   * The record of the last sequence header, as received. In-band parameter sets may have overruled it since; a sender
   * that repeats it must not flip the track back and forth.
   */
  #record: Uint8Array | undefined;
  #lengthSize: NalLengthSize = 4;
  #metadataTrack: Track | undefined;

  constructor(events: FlvEventQueue) {
    this.#events = events;
  }

  /**
   * @param body at least one byte
   * @returns how many packets of it are not supported
   * @throws {ProtocolError} when the body is damaged or its frame comes before its configuration
   */
  read(body: Uint8Array, timestampMs: number): number {
    const parsed = parseVideoTagBody(body);
    const { spelling } = parsed;
    if (spelling !== undefined) {
      if (parsed.type === 'sequence-header') this.#readSequenceHeader(spelling, parsed.data);
      else if (parsed.type === 'frame') this.#readFrame(spelling, parsed, timestampMs);
      else if (parsed.type === 'metadata') this.#readMetadata(spelling, parsed, timestampMs);
    }
    return parsed.otherTracks + (parsed.type === 'unsupported' && parsed.otherTracks === 0 ? 1 : 0);
  }

  #readSequenceHeader(spelling: FlvSpelling, record: Uint8Array): void {
    const isRepeated =
      this.#isSpelt(spelling) && this.#record !== undefined && equalBytes(record, this.#record);
    if (isRepeated) return;
    // A copy: the track lives long, and must not keep the whole message or chunk alive. (`slice` of a Buffer is a view.)
    const owned = new Uint8Array(record);
    const config = videoConfigFromRecord(spelling, owned);
    this.#setTrack(config, spelling);
    this.#lengthSize = nalLengthSizeOf(spelling, owned);
    this.#record = owned;
  }

  #readFrame(spelling: FlvSpelling, body: FlvVideoBody, timestampMs: number): void {
    const isKey = body.frameType === FlvFrameType.key || body.frameType === FlvFrameType.generatedKey;
    if (body.data.length === 0) throw new ProtocolError('ERR_FLV_EMPTY_FRAME', 'video frame without data');
    const config = this.#isSpelt(spelling) ? this.#track!.config : undefined;
    const video = config?.kind === 'video' ? config : this.#startWithFrame(spelling, body.data);
    const data = this.#frameData(video, spelling, body.data, isKey);
    if (data.length === 0) return; // only delimiters
    this.#events.pushFrame(this.#track!, timestampMs, body.compositionTimeMs, isKey, data);
  }

  #startWithFrame(spelling: FlvSpelling, data: Uint8Array): VideoConfig {
    const config = videoConfigFromFrame(spelling, data);
    if (config === undefined) {
      throw new ProtocolError('ERR_FLV_NO_CONFIG', `${spelling.codec} frame before its sequence header`);
    }
    this.#setTrack(config, spelling);
    this.#record = undefined;
    return config;
  }

  /** The frame's bytes in the neutral form; takes what they say about the track into it. */
  #frameData(config: VideoConfig, spelling: FlvSpelling, data: Uint8Array, isKey: boolean): Uint8Array {
    switch (config.codec) {
      case 'h264': {
        const normal = normalizeH264AccessUnit(data, this.#lengthSize);
        const sets = nalUnitsOf(normal, isH264ParameterSet);
        if (sets !== undefined) this.#update(config, withH264ParameterSets(config, sets), spelling);
        return normal;
      }
      case 'h265': {
        const normal = normalizeH265AccessUnit(data, this.#lengthSize);
        const sets = nalUnitsOf(normal, isH265ParameterSet);
        if (sets !== undefined) this.#update(config, withH265ParameterSets(config, sets), spelling);
        return normal;
      }
      case 'av1': {
        const normal = removeTemporalDelimiters(data);
        if (isKey) this.#update(config, withAv1SequenceHeader(config, normal), spelling);
        return normal;
      }
      case 'vp9':
        if (isKey) this.#update(config, withVp9FrameSize(config, data), spelling);
        return data;
      default:
        return data;
    }
  }

  #update(config: VideoConfig, changed: VideoConfig, spelling: FlvSpelling): void {
    if (changed !== config) this.#setTrack(changed, spelling);
  }

  #readMetadata(spelling: FlvSpelling, body: FlvVideoBody, timestampMs: number): void {
    if (body.data.length === 0) throw new ProtocolError('ERR_FLV_EMPTY_FRAME', 'video metadata without data');
    const sourceTag = `${spelling.sourceTag ?? ''}/${body.frameType}`;
    if (this.#metadataTrack?.sourceTag !== sourceTag) {
      const config = { kind: 'data', codec: 'video-metadata' } as const;
      this.#metadataTrack = { id: FlvTrackId.videoMetadata, kind: 'data', config, sourceTag };
      this.#events.pushTrack(this.#metadataTrack);
    }
    this.#events.pushFrame(this.#metadataTrack, timestampMs, 0, true, body.data);
  }

  #isSpelt(spelling: FlvSpelling): boolean {
    const track = this.#track;
    return track?.config.codec === spelling.codec && track.sourceTag === spelling.sourceTag;
  }

  #setTrack(config: VideoConfig, spelling: FlvSpelling): void {
    const track: Track = { id: FlvTrackId.video, kind: 'video', config, sourceTag: spelling.sourceTag };
    this.#events.pushTrack(track);
    this.#track = track;
  }
}

function isH264ParameterSet(firstByte: number): boolean {
  const type = firstByte & 0x1f;
  return type === H264NalUnitType.sps || type === H264NalUnitType.pps;
}

function isH265ParameterSet(firstByte: number): boolean {
  const type = (firstByte >>> 1) & 0x3f;
  return type >= H265NalUnitType.vps && type <= H265NalUnitType.pps;
}

/**
 * The NAL units whose first byte is `wanted`, as views; `undefined` for none, so that most frames cost no allocation.
 * @param accessUnit already checked: 4-byte lengths that end where it ends
 */
function nalUnitsOf(
  accessUnit: Uint8Array,
  wanted: (firstByte: number) => boolean,
): Uint8Array[] | undefined {
  let found: Uint8Array[] | undefined;
  let at = 0;
  while (at < accessUnit.length) {
    const length =
      (accessUnit[at]! << 24) |
      (accessUnit[at + 1]! << 16) |
      (accessUnit[at + 2]! << 8) |
      accessUnit[at + 3]!;
    const start = at + 4;
    at = start + length;
    if (wanted(accessUnit[start]!)) (found ??= []).push(accessUnit.subarray(start, at));
  }
  return found;
}
