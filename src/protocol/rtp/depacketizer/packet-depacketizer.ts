/** Codecs of which each packet is one frame: Opus (RFC 7587, 4.2) and G.711 (RFC 3551, 4.5.14). */
import { ProtocolError } from '../../../bytes/protocol-error.ts';
import type { G711Config, OpusConfig } from '../../../codec/codec-config.ts';
import { opusPacketDurationUs } from '../../../codec/opus/opus-packet.ts';
import { AudioDepacketizer } from './audio-depacketizer.ts';

/** See the head of this file. Units are views of their packets. */
export class PacketDepacketizer extends AudioDepacketizer {
  override readonly config: OpusConfig | G711Config;

  constructor(config: OpusConfig | G711Config) {
    super();
    this.config = config;
  }

  protected override lose(): void {}

  protected override read(payload: Uint8Array, timestamp: number): void {
    if (this.config.codec === 'opus' && !isOpusPacket(payload)) this.damaged();
    else this.complete(timestamp, payload);
  }

  protected override end(): void {}
}

function isOpusPacket(payload: Uint8Array): boolean {
  try {
    return opusPacketDurationUs(payload) > 0;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}
