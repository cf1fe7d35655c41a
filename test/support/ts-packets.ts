/**
 * A look at the packets of a transport stream (ISO/IEC 13818-1) that shares nothing with src/: what a receiver needs
 * besides the frames, which ffprobe reads. One program, one packet for each table.
 */

const packetLength = 188;
/** PAT and PMT, both. */
const patPid = 0;

export interface TsScan {
  readonly packets: number;
  /** Lost sync bytes, gaps in the count of a PID's packets, packets of PIDs that no table names. */
  readonly problems: string[];
  readonly pids: ReadonlySet<number>;
  readonly pictures: number;
  /** Pictures with the random access indicator. */
  readonly keyPictures: number;
  /** Of those, how many have no tables between them and the picture before. */
  readonly keyPicturesWithoutTables: number;
  /** Longest distance between two clock references. */
  readonly maxClockIntervalMs: number;
  /** Longest distance between two pairs of tables. */
  readonly maxTableIntervalMs: number;
}

/** Reads a whole stream, which begins with its tables. */
export function scanTs(bytes: Buffer): TsScan {
  return new TsScanner().scan(bytes);
}

class TsScanner {
  readonly #problems: string[] = [];
  readonly #counters = new Map<number, number>();
  readonly #clocksMs: number[] = [];
  /** For each pair of tables, how many clock references came before. */
  readonly #tablesAt: number[] = [];
  readonly #streamTypes = new Map<number, number>();
  #pmtPid = -1;
  #clockPid = -1;
  #hasTables = false;
  #pictures = 0;
  #keyPictures = 0;
  #keyPicturesWithoutTables = 0;

  scan(bytes: Buffer): TsScan {
    const packets = bytes.length / packetLength;
    if (!Number.isInteger(packets)) this.#problems.push(`${bytes.length} bytes are no whole packets`);
    for (let index = 0; index < Math.floor(packets); index += 1) {
      const packet = bytes.subarray(index * packetLength, (index + 1) * packetLength);
      for (const problem of this.#packet(packet)) this.#problems.push(`packet ${index}: ${problem}`);
    }
    return {
      packets,
      problems: this.#problems,
      pids: new Set(this.#counters.keys()),
      pictures: this.#pictures,
      keyPictures: this.#keyPictures,
      keyPicturesWithoutTables: this.#keyPicturesWithoutTables,
      maxClockIntervalMs: longestStep(this.#clocksMs),
      maxTableIntervalMs: this.#maxTableInterval(),
    };
  }

  *#packet(packet: Buffer): Generator<string> {
    if (packet[0] !== 0x47) {
      yield 'no sync byte';
      return;
    }
    const pid = packet.readUInt16BE(1) & 0x1fff;
    const startsUnit = (packet[1]! & 0x40) !== 0;
    const hasAdaptation = (packet[3]! & 0x20) !== 0;
    const hasPayload = (packet[3]! & 0x10) !== 0;
    const flags = hasAdaptation && packet[4]! > 0 ? packet[5]! : 0;
    yield* this.#count(pid, packet[3]! & 15, hasPayload);
    if ((flags & 0x10) !== 0) yield* this.#clock(pid, packet);
    if (!hasPayload) return;
    const payload = packet.subarray(hasAdaptation ? 5 + packet[4]! : 4);
    if (pid === patPid) this.#pmtPid = payload.readUInt16BE(1 + payload[0]! + 10) & 0x1fff;
    else if (pid === this.#pmtPid) this.#map(payload.subarray(1 + payload[0]!));
    else if (!this.#streamTypes.has(pid)) yield `PID ${pid} is in no table`;
    else if (startsUnit && isVideo(this.#streamTypes.get(pid)!)) this.#picture((flags & 0x40) !== 0);
  }

  /** 2.4.3.3: counts packets with payload; one without repeats the count. */
  *#count(pid: number, counter: number, hasPayload: boolean): Generator<string> {
    const last = this.#counters.get(pid);
    this.#counters.set(pid, counter);
    if (last === undefined) return;
    const expected = (last + (hasPayload ? 1 : 0)) & 15;
    if (counter !== expected) yield `PID ${pid} counts ${counter} after ${last}`;
  }

  *#clock(pid: number, packet: Buffer): Generator<string> {
    if (pid !== this.#clockPid) yield `clock reference on PID ${pid}, not ${this.#clockPid}`;
    const timeMs = (packet.readUInt32BE(6) * 2 + (packet[10]! >> 7)) / 90;
    const last = this.#clocksMs.at(-1);
    if (last !== undefined && timeMs <= last) yield `the clock goes from ${last} to ${timeMs} ms`;
    this.#clocksMs.push(timeMs);
  }

  /** 2.4.4.8 */
  #map(section: Buffer): void {
    this.#hasTables = true;
    this.#tablesAt.push(this.#clocksMs.length);
    this.#clockPid = section.readUInt16BE(8) & 0x1fff;
    const end = 3 + (section.readUInt16BE(1) & 0xfff) - 4;
    for (let at = 12 + (section.readUInt16BE(10) & 0xfff); at < end;) {
      this.#streamTypes.set(section.readUInt16BE(at + 1) & 0x1fff, section[at]!);
      at += 5 + (section.readUInt16BE(at + 3) & 0xfff);
    }
  }

  #picture(isKey: boolean): void {
    this.#pictures += 1;
    if (isKey) this.#keyPictures += 1;
    if (isKey && !this.#hasTables) this.#keyPicturesWithoutTables += 1;
    this.#hasTables = false;
  }

  /** Tables belong to the unit behind them, so their time is that of the next clock reference. */
  #maxTableInterval(): number {
    const lastMs = this.#clocksMs.at(-1) ?? 0;
    return longestStep([...this.#tablesAt.map((at) => this.#clocksMs[at] ?? lastMs), lastMs]);
  }
}

/** H.264 and H.265 (table 2-34). */
function isVideo(streamType: number): boolean {
  return streamType === 0x1b || streamType === 0x24;
}

function longestStep(times: readonly number[]): number {
  return times.reduce((longest, time, index) => Math.max(longest, time - (times[index - 1] ?? time)), 0);
}
