import { ProtocolError } from '../../bytes/protocol-error.ts';
import { readAllAmf0 } from '../../protocol/amf/amf0.ts';
import { AmfObject } from '../../protocol/amf/amf-value.ts';
import type { AmfValue } from '../../protocol/amf/amf-value.ts';
import type { Track } from '../../media/track.ts';
import { FlvTrackId } from './flv-types.ts';
import type { FlvEventQueue } from './media-events.ts';

/** What a publisher puts before a script that the server shall keep for later viewers; viewers never see it. */
const SET_DATA_FRAME = '@setDataFrame';
/** AMF0 marker, 16-bit length and the 13 characters. */
const SET_DATA_FRAME_BYTES = 3 + SET_DATA_FRAME.length;
/** Permissions that Flash Media Server announces to players; means nothing here. */
const SAMPLE_ACCESS = '|RtmpSampleAccess';
const METADATA = 'onMetaData';

const SCRIPT_TRACK: Track = {
  id: FlvTrackId.script,
  kind: 'data',
  config: { kind: 'data', codec: 'script' },
};

/** The script data of one publication: metadata, cue points, text (FLV 10.1, E.4.4). */
export class ScriptTagReader {
  readonly #events: FlvEventQueue;
  #isTrackKnown = false;

  constructor(events: FlvEventQueue) {
    this.#events = events;
  }

  /**
   * @param body at least one byte
   * @throws {ProtocolError} when it is not AMF0 that starts with a name
   */
  read(body: Uint8Array, timestampMs: number): void {
    const all = readAllAmf0(body);
    const isWrapped = all[0] === SET_DATA_FRAME;
    const [name, ...values] = isWrapped ? all.slice(1) : all;
    if (typeof name !== 'string') {
      throw new ProtocolError('ERR_FLV_SCRIPT_NAME', 'script data does not start with a name');
    }
    if (name === SAMPLE_ACCESS) return;
    if (!this.#isTrackKnown) {
      this.#isTrackKnown = true;
      this.#events.pushTrack(SCRIPT_TRACK);
    }
    const isMetadata = name === METADATA;
    if (isMetadata) this.#announce(values[0]);
    const data = isWrapped ? body.subarray(SET_DATA_FRAME_BYTES) : body;
    this.#events.pushFrame(SCRIPT_TRACK, timestampMs, 0, isMetadata, data);
  }

  /** Object and ECMA array are both in use. */
  #announce(metadata: AmfValue): void {
    if (!(metadata instanceof AmfObject)) return;
    const audio = isCodecId(metadata.get('audiocodecid'));
    // 0 is no video codec, while the audio codec 0 is linear PCM.
    const video = isCodecId(metadata.get('videocodecid')) && metadata.get('videocodecid') !== 0;
    if (audio || video) this.#events.push({ type: 'announce', audio, video });
  }
}

/** Code point or FourCC as a number; encoders of the Flash era write names such as `mp4a`. */
function isCodecId(value: AmfValue): boolean {
  return typeof value === 'number' || (typeof value === 'string' && value !== '');
}
