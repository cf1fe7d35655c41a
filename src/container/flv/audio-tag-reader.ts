import { equalBytes } from '../../bytes/equal-bytes.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { AudioConfig, Mp3Config } from '../../codec/codec-config.ts';
import { g711Config } from '../../codec/g711/g711-config.ts';
import { mp3ConfigFromFrame } from '../../codec/mp3/mp3-config.ts';
import type { Track } from '../../media/track.ts';
import {
  audioConfigFromRecord,
  carriedAudioConfig,
  legacyAudioConfig,
  opusConfigFromPacket,
} from './audio-config.ts';
import { parseAudioTagBody } from './audio-tag-body.ts';
import type { FlvAudioBody } from './audio-tag-body.ts';
import type { FlvSpelling } from './codec-spelling.ts';
import { FlvTrackId } from './flv-types.ts';
import type { FlvEventQueue } from './media-events.ts';

/** FLV's G.711 is 8 kHz by definition (E.4.2.1); senders write whatever they like into the rate bits. */
const G711_SAMPLE_RATE = 8000;

/** The audio track of one publication. Damage throws and leaves the track as it was. */
export class AudioTagReader {
  readonly #events: FlvEventQueue;
  #track: Track | undefined;
  /** The record of the last sequence header, as received. */
  #record: Uint8Array | undefined;

  constructor(events: FlvEventQueue) {
    this.#events = events;
  }

  /**
   * @param body at least one byte
   * @returns how many packets of it are not supported
   * @throws {ProtocolError} when the body is damaged or its frame comes before its configuration
   */
  read(body: Uint8Array, timestampMs: number): number {
    const parsed = parseAudioTagBody(body);
    const { spelling } = parsed;
    if (spelling !== undefined) {
      if (parsed.type === 'sequence-header') this.#readSequenceHeader(spelling, parsed.data);
      else if (parsed.type === 'frame') this.#readFrame(spelling, parsed, timestampMs);
    }
    return parsed.otherTracks + (parsed.type === 'unsupported' && parsed.otherTracks === 0 ? 1 : 0);
  }

  #readSequenceHeader(spelling: FlvSpelling, record: Uint8Array): void {
    const isRepeated =
      this.#currentConfig(spelling) !== undefined &&
      this.#record !== undefined &&
      equalBytes(record, this.#record);
    if (isRepeated) return;
    // A copy: the track lives long, and must not keep the whole message or chunk alive. (`slice` of a Buffer is a view.)
    const owned = new Uint8Array(record);
    const config = audioConfigFromRecord(spelling, owned);
    this.#setTrack(config, spelling);
    this.#record = owned;
  }

  #readFrame(spelling: FlvSpelling, body: FlvAudioBody, timestampMs: number): void {
    if (body.data.length === 0) {
      // ffmpeg ends FLAC with one, after the sequence start that has the final checksum.
      if (spelling.family === 'enhanced') return;
      throw new ProtocolError('ERR_FLV_EMPTY_FRAME', 'audio frame without data');
    }
    const current = this.#currentConfig(spelling);
    const config = configForFrame(spelling, body, current);
    if (config === undefined) {
      throw new ProtocolError('ERR_FLV_NO_CONFIG', `${spelling.codec} frame before its sequence header`);
    }
    if (config !== current) {
      if (current === undefined) this.#record = undefined;
      this.#setTrack(config, spelling);
    }
    this.#events.pushFrame(this.#track!, timestampMs, 0, true, body.data);
  }

  #currentConfig(spelling: FlvSpelling): AudioConfig | undefined {
    const track = this.#track;
    if (track?.config.kind !== 'audio') return undefined;
    const isSpelt = track.config.codec === spelling.codec && track.sourceTag === spelling.sourceTag;
    return isSpelt ? track.config : undefined;
  }

  #setTrack(config: AudioConfig, spelling: FlvSpelling): void {
    const track: Track = { id: FlvTrackId.audio, kind: 'audio', config, sourceTag: spelling.sourceTag };
    this.#events.pushTrack(track);
    this.#track = track;
  }
}

/**
 * The parameters a frame needs: `current` itself while they hold; `undefined` when only a sequence header could tell.
 * @param current those of the track, when it has this codec already
 * @throws {ProtocolError} when the frame of a codec without sequence header can't be read
 */
function configForFrame(
  spelling: FlvSpelling,
  body: FlvAudioBody,
  current: AudioConfig | undefined,
): AudioConfig | undefined {
  switch (spelling.codec) {
    case 'aac':
    case 'flac':
      return current;
    case 'mp3':
      return mp3ConfigOf(body.data, current);
    case 'g711a':
    case 'g711u': {
      const channels = (body.firstByte & 1) + 1;
      return current?.channels === channels
        ? current
        : g711Config(spelling.codec, G711_SAMPLE_RATE, channels);
    }
    case 'opus':
      return current ?? opusConfigFromPacket(body.data);
    default:
      if (spelling.family === 'enhanced') {
        return current ?? carriedAudioConfig(spelling, new Uint8Array(0));
      }
      return current?.description[0] === body.firstByte
        ? current
        : legacyAudioConfig(spelling, body.firstByte);
  }
}

/** Each MP3 frame has its own header; a stream may change its rate with any of them. */
function mp3ConfigOf(frame: Uint8Array, current: AudioConfig | undefined): AudioConfig {
  let config: Mp3Config;
  try {
    config = mp3ConfigFromFrame(frame);
  } catch (error) {
    // One message may start in the middle of a frame; that alone says nothing new about the track.
    if (current !== undefined && error instanceof ProtocolError) return current;
    throw error;
  }
  const isSame = current?.sampleRate === config.sampleRate && current.channels === config.channels;
  return isSame ? current : config;
}
