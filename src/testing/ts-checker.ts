/**
 * An independent look at a transport stream, packet by packet: what the muxer promises is measured here without any of
 * its code. Clauses are those of ISO/IEC 13818-1.
 */
import { crc32Mpeg } from '../bytes/crc32-mpeg.ts';

const PACKET = 188;
const WRAP = 2 ** 33;
const TICKS_PER_MS = 90;

export interface TsPes {
  readonly pid: number;
  readonly packet: number;
  readonly streamId: number;
  /** As on the wire, 33 bits. */
  readonly pts: number;
  readonly dts: number;
  readonly payload: Uint8Array;
  readonly declaredLength: number;
  readonly isRandomAccess: boolean;
  readonly isDiscontinuous: boolean;
  readonly hasPcr: boolean;
}

export interface TsReport {
  readonly packets: number;
  /** Whatever breaks a rule; empty for a sound stream. */
  readonly problems: string[];
  /** In the order of the stream; `version` is the map's. */
  readonly tables: { readonly packet: number; readonly version: number; readonly map: string }[];
  readonly pcrs: { readonly packet: number; readonly ticks: number }[];
  readonly pes: TsPes[];
  /** Longest distance between two references, in milliseconds of their own clock. */
  readonly maxPcrIntervalMs: number;
  /** Longest distance between two pairs of tables, by the references around them. */
  readonly maxTableIntervalMs: number;
}

interface OpenPes {
  readonly packet: number;
  readonly flags: number;
  readonly parts: Uint8Array[];
}

/** Checks a whole stream from its first packet on. */
export function checkTs(bytes: Uint8Array): TsReport {
  return new TsChecker().check(bytes);
}

class TsChecker {
  readonly #problems: string[] = [];
  readonly #tables: { packet: number; version: number; map: string }[] = [];
  readonly #pcrs: { packet: number; ticks: number }[] = [];
  readonly #pes: TsPes[] = [];
  readonly #counters = new Map<number, number>();
  readonly #open = new Map<number, OpenPes>();
  #pmtPid = -1;
  #pcrPid = -1;
  #streamPids = new Set<number>();
  #map = '';

  check(bytes: Uint8Array): TsReport {
    if (bytes.length % PACKET !== 0) this.#problem(0, `${bytes.length} bytes are not whole packets`);
    const packets = Math.floor(bytes.length / PACKET);
    for (let index = 0; index < packets; index += 1) {
      this.#packet(bytes.subarray(index * PACKET, (index + 1) * PACKET), index);
    }
    for (const pid of this.#open.keys()) this.#closePes(pid);
    this.#pes.sort((a, b) => a.packet - b.packet);
    return {
      packets,
      problems: this.#problems,
      tables: this.#tables,
      pcrs: this.#pcrs,
      pes: this.#pes,
      maxPcrIntervalMs: maxStep(this.#pcrs.map(({ ticks }) => ticks)) / TICKS_PER_MS,
      maxTableIntervalMs: this.#maxTableInterval(),
    };
  }

  #problem(packet: number, text: string): void {
    this.#problems.push(`packet ${packet}: ${text}`);
  }

  #packet(bytes: Uint8Array, index: number): void {
    if (bytes[0] !== 0x47) this.#problem(index, 'no sync byte');
    if ((bytes[1]! & 0xa0) !== 0) this.#problem(index, 'error indicator or priority set');
    if ((bytes[3]! & 0xc0) !== 0) this.#problem(index, 'scrambled');
    const pid = ((bytes[1]! & 0x1f) << 8) | bytes[2]!;
    const control = (bytes[3]! >>> 4) & 3;
    if (control === 0) this.#problem(index, 'reserved adaptation_field_control');
    let payloadAt = 4;
    let flags = 0;
    if ((control & 2) !== 0) {
      flags = this.#adaptationField(bytes, index, pid, control);
      payloadAt += 1 + bytes[4]!;
    }
    const hasPayload = (control & 1) !== 0;
    this.#continuity(pid, bytes[3]! & 0x0f, hasPayload, index);
    if (hasPayload) this.#payload(bytes.subarray(payloadAt), pid, (bytes[1]! & 0x40) !== 0, flags, index);
  }

  #adaptationField(bytes: Uint8Array, index: number, pid: number, control: number): number {
    const length = bytes[4]!;
    if (control === 2 && length !== 183) this.#problem(index, `adaptation field of ${length} bytes alone`);
    if (control === 3 && length > 182)
      this.#problem(index, `adaptation field of ${length} bytes with payload`);
    if (length === 0) return 0;
    const flags = bytes[5]!;
    if ((flags & 0x0f) !== 0 || (flags & 0x20) !== 0) this.#problem(index, 'unexpected adaptation fields');
    let at = 6;
    if ((flags & 0x10) !== 0) {
      this.#pcr(bytes, index, pid);
      at += 6;
    }
    for (; at < 5 + length; at += 1) if (bytes[at] !== 0xff) this.#problem(index, 'stuffing is not 0xFF');
    return flags;
  }

  #pcr(bytes: Uint8Array, index: number, pid: number): void {
    const ticks =
      bytes[6]! * 2 ** 25 + bytes[7]! * 2 ** 17 + bytes[8]! * 2 ** 9 + bytes[9]! * 2 + (bytes[10]! >>> 7);
    if (pid !== this.#pcrPid) this.#problem(index, `PCR on PID ${pid}, the map says ${this.#pcrPid}`);
    if ((bytes[10]! & 0x7e) !== 0x7e || (bytes[10]! & 1) !== 0 || bytes[11] !== 0)
      this.#problem(index, 'PCR extension or reserved bits');
    const last = this.#pcrs.at(-1);
    if (last !== undefined && (ticks === last.ticks || forward(last.ticks, ticks) > WRAP / 2))
      this.#problem(index, `PCR goes from ${last.ticks} to ${ticks}`);
    this.#pcrs.push({ packet: index, ticks });
  }

  /** 2.4.3.3: counts packets with payload; packets without repeat it. */
  #continuity(pid: number, counter: number, hasPayload: boolean, index: number): void {
    const last = this.#counters.get(pid);
    this.#counters.set(pid, counter);
    if (last === undefined) return;
    const expected = hasPayload ? (last + 1) & 0x0f : last;
    if (counter !== expected) this.#problem(index, `PID ${pid} counts ${counter} after ${last}`);
  }

  #payload(bytes: Uint8Array, pid: number, isUnitStart: boolean, flags: number, index: number): void {
    if (pid === 0 || pid === this.#pmtPid) {
      this.#section(bytes, pid, index);
      return;
    }
    if (!this.#streamPids.has(pid)) this.#problem(index, `PID ${pid} is not in the map`);
    if (isUnitStart) {
      this.#closePes(pid);
      this.#open.set(pid, { packet: index, flags, parts: [bytes] });
    } else if (this.#open.has(pid)) {
      this.#open.get(pid)!.parts.push(bytes);
      if (flags !== 0) this.#problem(index, 'flags within a PES packet');
    } else {
      this.#problem(index, `PID ${pid} begins without a unit start`);
    }
  }

  #section(bytes: Uint8Array, pid: number, index: number): void {
    const length = ((bytes[2]! & 0x0f) << 8) | bytes[3]!;
    const section = bytes.subarray(1, 4 + length);
    if (bytes[0] !== 0 || crc32Mpeg(section) !== 0) this.#problem(index, 'damaged section');
    if (bytes.subarray(4 + length).some((byte) => byte !== 0xff)) this.#problem(index, 'section stuffing');
    if (pid === 0) {
      if (section.length !== 16) this.#problem(index, 'not one program');
      this.#pmtPid = ((section[10]! & 0x1f) << 8) | section[11]!;
      return;
    }
    const streams: string[] = [];
    this.#streamPids = new Set();
    this.#pcrPid = ((section[8]! & 0x1f) << 8) | section[9]!;
    for (let at = 12; at < section.length - 4; at += 5 + section[at + 4]!) {
      const streamPid = ((section[at + 1]! & 0x1f) << 8) | section[at + 2]!;
      this.#streamPids.add(streamPid);
      streams.push(`${streamPid.toString(16)}:${section[at]!.toString(16)}`);
    }
    const version = (section[5]! >>> 1) & 0x1f;
    const map = streams.join(' ');
    const isSameVersion = this.#tables.at(-1)?.version === version;
    if (this.#tables.length > 0 && map !== this.#map && isSameVersion)
      this.#problem(index, 'the map changed without a new version');
    this.#map = map;
    this.#tables.push({ packet: index, version, map });
  }

  #closePes(pid: number): void {
    const open = this.#open.get(pid);
    if (open === undefined) return;
    this.#open.delete(pid);
    const bytes = Uint8Array.from(open.parts.flatMap((part) => [...part]));
    const index = open.packet;
    if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 1) this.#problem(index, 'no PES start code');
    const declaredLength = (bytes[4]! << 8) | bytes[5]!;
    if (declaredLength !== 0 && declaredLength !== bytes.length - 6)
      this.#problem(index, `PES of ${bytes.length - 6} bytes says ${declaredLength}`);
    if (declaredLength === 0 && (bytes[3]! & 0xf0) !== 0xe0)
      this.#problem(index, 'PES without length that is no video');
    if (declaredLength === 0 && bytes.length - 6 <= 0xffff) this.#problem(index, 'PES without its length');
    const pts = timestampAt(bytes, 9);
    const dts = (bytes[7]! & 0x40) === 0 ? pts : timestampAt(bytes, 14);
    if ((bytes[7]! & 0x40) !== 0 && pts === dts) this.#problem(index, 'DTS repeats the PTS');
    const clock = this.#pcrs.findLast((pcr) => pcr.packet <= index);
    if (clock !== undefined && forward(clock.ticks, dts) > WRAP / 2)
      this.#problem(index, `decoding time ${dts} is before the clock ${clock.ticks}`);
    this.#pes.push({
      pid,
      packet: index,
      streamId: bytes[3]!,
      pts,
      dts,
      payload: bytes.subarray(9 + bytes[8]!),
      declaredLength,
      isRandomAccess: (open.flags & 0x40) !== 0,
      isDiscontinuous: (open.flags & 0x80) !== 0,
      hasPcr: (open.flags & 0x10) !== 0,
    });
  }

  #maxTableInterval(): number {
    const times: number[] = [];
    let at = 0;
    for (const { packet } of this.#tables) {
      while (at + 1 < this.#pcrs.length && this.#pcrs[at + 1]!.packet < packet) at += 1;
      const pcr = this.#pcrs[at];
      // The reference after the tables belongs to them, where there is one: they stand in front of its unit.
      const next = this.#pcrs[at + 1] ?? pcr;
      if (pcr !== undefined) times.push((pcr.packet > packet ? pcr : next)!.ticks);
    }
    const end = this.#pcrs.at(-1)?.ticks;
    if (end !== undefined) times.push(end);
    return maxStep(times) / TICKS_PER_MS;
  }
}

function timestampAt(bytes: Uint8Array, at: number): number {
  const bits = (BigInt(bytes[at]! >>> 1) & 7n) << 30n;
  const middle = BigInt(((bytes[at + 1]! << 8) | bytes[at + 2]!) >>> 1) << 15n;
  return Number(bits | middle | BigInt(((bytes[at + 3]! << 8) | bytes[at + 4]!) >>> 1));
}

/** How far it is from `a` on to `b`, over the wrap if need be. */
function forward(a: number, b: number): number {
  return (((b - a) % WRAP) + WRAP) % WRAP;
}

function maxStep(times: readonly number[]): number {
  let max = 0;
  for (let index = 1; index < times.length; index += 1) {
    max = Math.max(max, forward(times[index - 1]!, times[index]!));
  }
  return max;
}
