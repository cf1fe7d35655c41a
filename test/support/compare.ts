import type { AccessUnit, CodecHeader, Recording } from './flv-file.ts';

export interface CompareOptions {
  /**
   * The viewer joined late: what it received must be a suffix of the source, beginning with a key frame where there
   * is video.
   */
  readonly allowMissingHead?: boolean;
  /** The viewer left, or the publisher still publishes: the end of the source may be missing. */
  readonly allowMissingTail?: boolean;
  /**
   * Times may differ by one constant, the same for audio and video: players that write their own container rebase.
   * Rounding of the player's own clock is allowed up to this many milliseconds.
   */
  readonly constantOffsetWithinMs?: number;
  /** Instead of it for audio: frames that share a packet, and so a time, with others. */
  readonly audioWithinMs?: number;
  /** The times of so many audio frames at the beginning are the reader's guesses. */
  readonly guessedAudioTimes?: number;
  /** Audio and video must also be mixed in the same order; not so for players that interleave anew. */
  readonly sameOrder?: boolean;
}

/**
 * How times come back from a transport stream: with one tick of rounding. Of AAC frames in one PES packet the first has
 * a time; the others follow by their length, where FLV has rounded.
 */
export const oneTick: CompareOptions = { constantOffsetWithinMs: 1 / 90 + 1e-6, audioWithinMs: 1 };

/** Units on either side of a difference that the message shows. */
const contextUnits = 3;

function show(unit: AccessUnit | undefined): string {
  if (unit === undefined) return '(nothing)';
  const key = unit.isKey && unit.kind === 'video' ? ' key' : '';
  return `${unit.kind} ${unit.codec} dts ${unit.dtsMs} pts ${unit.ptsMs} ${unit.bytes} bytes ${unit.hash}${key}`;
}

function context(units: readonly AccessUnit[], index: number): string {
  return units
    .slice(Math.max(0, index - contextUnits), index + contextUnits + 1)
    .map((unit) => `    ${show(unit)}`)
    .join('\n');
}

function sameContent(a: AccessUnit, b: AccessUnit): boolean {
  return a.kind === b.kind && a.codec === b.codec && a.hash === b.hash && a.isKey === b.isKey;
}

function sameUnit(a: AccessUnit, b: AccessUnit, offsetMs: number, toleranceMs: number): boolean {
  return (
    sameContent(a, b) &&
    Math.abs(a.dtsMs + offsetMs - b.dtsMs) <= toleranceMs &&
    Math.abs(a.ptsMs + offsetMs - b.ptsMs) <= toleranceMs
  );
}

/**
 * Index in `source` of the first unit received. Silence and still pictures repeat the same bytes, so the time decides
 * where it is exact, else the place where the following units match too.
 */
function findStart(
  source: readonly AccessUnit[],
  received: readonly AccessUnit[],
  options: CompareOptions,
): number {
  const first = received[0]!;
  if (options.constantOffsetWithinMs === undefined) {
    return source.findIndex((unit) => sameUnit(unit, first, 0, 0));
  }
  const probe = received.slice(0, 8);
  return source.findIndex((_, index) =>
    probe.every((unit, ahead) => {
      const candidate = source[index + ahead];
      return candidate !== undefined && sameContent(candidate, unit);
    }),
  );
}

function fail(label: string, text: string): never {
  throw new Error(`${label}: ${text}`);
}

/** Compares one run of units; returns the offset of the received times. */
function compareUnits(
  label: string,
  source: readonly AccessUnit[],
  received: readonly AccessUnit[],
  options: CompareOptions,
  offsetMs: number | undefined,
): number {
  if (received.length === 0) {
    if (source.length === 0) return 0;
    fail(label, `received nothing of ${source.length} units`);
  }
  const start = findStart(source, received, options);
  if (start < 0) {
    fail(
      label,
      `the first unit received is not in the source:\n    ${show(received[0])}\n  source begins:\n${context(source, 0)}`,
    );
  }
  if (start > 0 && options.allowMissingHead !== true) {
    fail(
      label,
      `the first ${start} of ${source.length} units are missing; received begins:\n${context(received, 0)}`,
    );
  }
  const { constantOffsetWithinMs = 0, audioWithinMs = constantOffsetWithinMs } = options;
  const tolerance = received[0]!.kind === 'audio' ? audioWithinMs : constantOffsetWithinMs;
  const offset =
    offsetMs ??
    (options.constantOffsetWithinMs === undefined ? 0 : received[0]!.dtsMs - source[start]!.dtsMs);
  const guessed = received[0]!.kind === 'audio' ? (options.guessedAudioTimes ?? 0) : 0;
  for (const [index, unit] of received.entries()) {
    const expected = source[start + index];
    const toleranceMs = index < guessed ? Infinity : tolerance;
    if (expected === undefined || !sameUnit(expected, unit, offset, toleranceMs)) {
      fail(
        label,
        `unit ${index} differs (offset ${offset} ms)\n  expected ${show(expected)}\n  received ${show(unit)}\n` +
          `  source around it:\n${context(source, start + index)}\n  received around it:\n${context(received, index)}`,
      );
    }
  }
  const missing = source.length - start - received.length;
  if (missing > 0 && options.allowMissingTail !== true) {
    fail(
      label,
      `the last ${missing} of ${source.length} units are missing; received ends:\n${context(received, received.length - 1)}`,
    );
  }
  return offset;
}

/**
 * Fails unless the viewer received exactly what was published: each access unit once, in order, with the same bytes
 * and the same times.
 */
export function expectSamePackets(
  source: Recording,
  received: Recording,
  options: CompareOptions = {},
): void {
  const ofKind = (recording: Recording, kind: AccessUnit['kind']): AccessUnit[] =>
    recording.units.filter((unit) => unit.kind === kind);
  const video = ofKind(received, 'video');
  if (video.length > 0 && !video[0]!.isKey) {
    fail('video', `the first picture is no key frame: ${show(video[0])}`);
  }
  let offset: number | undefined;
  if (ofKind(source, 'video').length > 0) {
    offset = compareUnits('video', ofKind(source, 'video'), video, options, undefined);
  }
  compareUnits('audio', ofKind(source, 'audio'), ofKind(received, 'audio'), options, offset);
  if (options.sameOrder === true) expectSameOrder(source, received);
}

/** The mix of audio and video from the first picture on is the source's. */
function expectSameOrder(source: Recording, received: Recording): void {
  const order = (units: readonly AccessUnit[]): string[] => units.map((unit) => `${unit.kind} ${unit.dtsMs}`);
  const wanted = order(source.units);
  const found = order(received.units);
  const start = wanted.indexOf(found[0]!);
  const different = found.findIndex((unit, index) => unit !== wanted[start + index]);
  if (different >= 0) {
    fail(
      'order',
      `unit ${different} is ${found[different]}, in the source ${wanted[start + different]}\n` +
        `  source around it:\n${context(source.units, start + different)}\n  received around it:\n${context(received.units, different)}`,
    );
  }
}

function showHeader({ kind, codec, form, description }: CodecHeader): string {
  return `${kind} ${codec} ${form} ${description.toString('hex')}`;
}

/**
 * The headers of one kind, a repeated one counted once. AV1 says all of it again with each key frame, which a server may
 * follow with a header of its own: the first counts.
 */
function distinctHeaders(recording: Recording, kind: CodecHeader['kind']): string[] {
  const headers = recording.headers.filter((header) => header.kind === kind);
  const counted = headers.filter(({ codec }, index) => codec !== 'av1' || index === 0);
  return counted.map(showHeader).filter((text, index, all) => text !== all[index - 1]);
}

/** Fails unless the same sequence headers arrived in the same order. */
export function expectSameHeaders(source: Recording, received: Recording): void {
  for (const kind of ['video', 'audio'] as const) {
    const wanted = distinctHeaders(source, kind).join('\n');
    const found = distinctHeaders(received, kind).join('\n');
    if (wanted !== found) fail(`${kind} headers`, `expected\n${wanted}\nreceived\n${found}`);
  }
}
