/** Something like a transport stream, for tests of what is done with one: packets with the right identifiers, no media. */
import type { OutputVariant } from '../hub/live-stream.ts';
import type { Packager, PackagerOutput } from '../hub/packager.ts';
import type { MediaFrame } from '../media/media-frame.ts';

const PACKET_LENGTH = 188;
const pmtPid = 0x1001;

/** A program association packet, a program map packet, or one packet of media whose text says what it is. */
function packet(pid: number, text = ''): Uint8Array {
  const bytes = new Uint8Array(PACKET_LENGTH).fill(0xff);
  bytes.set([0x47, 0x40 | (pid >>> 8), pid & 0xff, 0x10]);
  if (pid === 0) bytes.set([0, 0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xe0 | (pmtPid >>> 8), pmtPid & 0xff], 4);
  bytes.set(new TextEncoder().encode(text), 20);
  return bytes;
}

/** What is in such bytes: `PAT`, `PMT`, and the text of each packet of media. */
export function packetTexts(bytes: Uint8Array): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; at += PACKET_LENGTH) {
    const pid = ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!;
    const text = new TextDecoder().decode(bytes.subarray(at + 20, at + 60)).replaceAll('\uFFFD', '');
    texts.push(pid === 0 ? 'PAT' : pid === pmtPid ? 'PMT' : text);
  }
  return texts;
}

class TsLikePackager implements Packager {
  #hasVideo = false;

  fileHeader(): undefined {}

  writeHeaders(): void {}

  writeTrack(): void {}

  writeFrame(frame: MediaFrame, out: PackagerOutput): void {
    const { kind } = frame.track;
    if (kind === 'data') return;
    out.beginUnit(frame);
    this.#hasVideo ||= kind === 'video';
    if (kind === 'video' ? frame.isKey : !this.#hasVideo) {
      put(out, packet(0));
      put(out, packet(pmtPid));
    }
    const name = kind === 'audio' ? 'a' : frame.isKey ? 'V' : 'v';
    put(out, packet(kind === 'audio' ? 0x101 : 0x100, `${name}${frame.dtsUs / 1000}`));
  }
}

function put(out: PackagerOutput, bytes: Uint8Array): void {
  const at = out.reserve(bytes.length);
  out.bytes.set(bytes, at);
}

/** An output of such bytes. */
export function tsLikeVariant(): OutputVariant {
  return {
    id: 'ts-like',
    gopCache: { maxGops: 0, maxFramesPerGop: 0, maxBytes: 1e9 },
    flushBytes: 0,
    createPackager: () => new TsLikePackager(),
  };
}
