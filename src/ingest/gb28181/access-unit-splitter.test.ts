import { describe, expect, test } from 'vitest';
import { hex, toHex } from '../../testing/hex.ts';
import { splitEveryWay } from '../../testing/split-every-way.ts';
import { AccessUnitSplitter, type AccessUnitHandler } from './access-unit-splitter.ts';
import type { ProgramTime } from './program-clock.ts';
import { PS_H264, PS_H265, type PsVideoCodec } from './video-codec.ts';

const NAMES: Readonly<Record<string, string>> = {
  '09f0': 'AUD',
  '6742': 'SPS',
  '68ce': 'PPS',
  '0605': 'SEI',
  '6588': 'IDR',
  '6540': 'IDR_2',
  '41e0': 'P',
  '4140': 'P_2',
  '0c80': 'FILLER',
  '7830': 'TYPE24',
  '4001': 'VPS',
  '420101': 'SPS',
  '440101': 'PPS',
  '2601af': 'IDR',
  '26012f': 'IDR_2',
  '0201d0': 'P',
  '5001': 'SUFFIX',
};
const CODES = Object.fromEntries(Object.entries(NAMES).map(([code, name]) => [name, code]));
const H265_CODES = { ...CODES, SPS: '420101', PPS: '440101', IDR: '2601af', IDR_2: '26012f', P: '0201d0' };
const H264_CODES = { ...CODES, SPS: '6742', PPS: '68ce', IDR: '6588', IDR_2: '6540', P: '41e0' };

/** Writes down what the splitter finds: `[AUD IDR]10` is a unit of two NAL units with the time 10. */
class Notes implements AccessUnitHandler {
  text = '';

  unitStarted(): void {
    this.text += '[';
  }

  nalUnit(nal: Uint8Array): void {
    const digits = toHex(nal);
    this.text += `${this.text.endsWith('[') ? '' : ' '}${NAMES[digits] ?? digits}`;
  }

  unitEnded(time: ProgramTime | undefined): void {
    const { ptsTicks, rtpTicks } = time ?? {};
    this.text += `]${ptsTicks ?? '?'}${rtpTicks === undefined ? '' : `/${rtpTicks}`} `;
  }

  unitLost(): void {
    this.text += 'lost ';
  }

  codecChanged(): PsVideoCodec {
    this.text += 'H.265 ';
    return PS_H265;
  }
}

function timeOf(text: string): ProgramTime | undefined {
  if (text === '-') return undefined;
  const [ptsTicks, rtpTicks] = text.split('/').map(Number);
  return { ptsTicks: ptsTicks!, dtsTicks: undefined, rtpTicks };
}

/**
 * A stream in words: `@10` a packet with the time 10 begins, `@-` one without, `@10/3` one with the RTP time 3 besides; `!` bytes
 * are missing, `.` the unit ends here, says the sender; `0x..` bytes as they are; names are NAL units behind start codes.
 */
function run(words: string, codec: PsVideoCodec, cut: (bytes: Uint8Array) => Uint8Array[]): string {
  const notes = new Notes();
  const splitter = new AccessUnitSplitter(codec, notes);
  const codes: Readonly<Record<string, string | undefined>> = codec === PS_H264 ? H264_CODES : H265_CODES;
  for (const word of words.split(' ')) {
    if (word.startsWith('@')) {
      splitter.beginPacket(timeOf(word.slice(1)));
    } else if (word === '!') {
      splitter.lose();
    } else if (word === '.') {
      splitter.endUnit();
    } else {
      const digits = word.startsWith('0x') ? word.slice(2) : `00000001${codes[word] ?? word}`;
      for (const piece of cut(hex(digits))) splitter.receive(piece);
    }
  }
  splitter.endUnit();
  if (splitter.hasTorn) notes.text += 'torn ';
  return notes.text.trimEnd();
}

interface Vector {
  readonly name: string;
  readonly stream: string;
  readonly units: string;
  readonly codec?: PsVideoCodec;
}

const VECTORS: readonly Vector[] = [
  {
    name: 'a packet a unit',
    stream: '@10 SPS PPS IDR IDR_2 @20 P P_2 @30 P',
    units: '[SPS PPS IDR IDR_2]10 [P P_2]20 [P]30',
  },
  {
    name: 'a packet a NAL unit, each with the time',
    stream: '@10 AUD @10 SPS @10 PPS @10 SEI @10 IDR @10 IDR_2 @20 AUD @20 P',
    units: '[AUD SPS PPS SEI IDR IDR_2]10 [AUD P]20',
  },
  {
    name: 'a packet a NAL unit, the first with the time',
    stream: '@10 SPS @- PPS @- IDR @- IDR_2 @20 P @- P_2',
    units: '[SPS PPS IDR IDR_2]10 [P P_2]20',
  },
  {
    name: 'parameter sets with a time of their own: that of the picture counts',
    stream: '@8 SPS @9 PPS @10 IDR @20 P @28 SEI @30 P',
    units: '[SPS PPS IDR]10 [P]20 [SEI P]30',
  },
  {
    name: 'several units in a packet: its time is that of the first',
    stream: '@10 SPS PPS IDR P P_2 SEI P @40 P',
    units: '[SPS PPS IDR]10 [P P_2]? [SEI P]? [P]40',
  },
  {
    name: 'packets that are filled without regard to units: the time is that of the first unit that begins in it',
    stream:
      '@10 AUD IDR 0x0102 @20 0x0304 AUD P AUD P 0x01 @- 0x02 AUD P 0x00 @50 0x0102 AUD 0x000000 @60 0x0141e0 AUD P',
    units: '[AUD 658801020304]10 [AUD P]20 [AUD 41e00102]? [AUD 41e0000102]? [AUD P]50 [AUD P]60',
  },
  {
    name: 'a start code that lies over two packets is of the first',
    stream: '@10 AUD IDR 0x0000 @20 0x0109f0 P AUD P',
    units: '[AUD IDR]10 [AUD P]? [AUD P]20',
  },
  {
    name: 'a zero before a start code is of the unit, unless the packet that it is in has told its time',
    stream: '@10 AUD IDR 0x01 @20 0x0200 @- 0x00000109f0 P 0x00 @40 0x00000109f0 P 0x00 @50 0x00000109f0 P',
    units: '[AUD 65880102]10 [AUD P]20 [AUD P]40 [AUD P]50',
  },
  {
    name: 'a zero before a start code that ends a packet of the unit before says nothing',
    stream: '@10 AUD IDR 0x01 @10 0x0200 @20 0x00000109f0 P',
    units: '[AUD 65880102]10 [AUD P]20',
  },
  {
    name: 'zeros between units, and start codes of 3 bytes',
    stream: '@10 0x000000000000016742 0x00000168ce 0x0000016588 0x00000000 @20 0x00000141e0 0x0000',
    units: '[SPS PPS IDR]10 [P]20',
  },
  {
    name: 'what stands before a picture is of that picture',
    stream: '@10 SPS PPS IDR SEI SPS PPS IDR',
    units: '[SPS PPS IDR]10 [SEI SPS PPS IDR]?',
  },
  {
    name: 'parameter sets and SEI before each slice do not begin units',
    stream: '@10 SPS PPS IDR SPS PPS IDR_2 @20 P SEI P_2',
    units: '[SPS PPS IDR SPS PPS IDR_2]10 [P SEI P_2]20',
  },
  {
    name: 'filler is of the picture before it',
    stream: '@10 SPS IDR FILLER @20 P FILLER SEI FILLER P',
    units: '[SPS IDR FILLER]10 [P FILLER]20 [SEI FILLER P]?',
  },
  {
    name: 'a second field has the time of the first',
    stream: '@10/1 SPS IDR @10/1 P @20/2 P @20/2 P @30/3 P',
    units: '[SPS IDR P]10/1 [P P]20/2 [P]30/3',
  },
  {
    name: 'one time for all pictures, but packets of their own times',
    stream: '@0/1 SPS IDR @0/2 P @0/3 P',
    units: '[SPS IDR]0/1 [P]0/2 [P]0/3',
  },
  {
    name: 'another time begins a unit, whatever it begins with',
    stream: '@10 SPS IDR @20 P_2 @30 P_2',
    units: '[SPS IDR]10 [P_2]20 [P_2]30',
  },
  {
    name: 'units of types that mean nothing are left out',
    stream: '@10 SPS TYPE24 IDR TYPE24 @20 0x000001ff80 P',
    units: '[SPS IDR]10 [P]20',
  },
  {
    name: 'empty units are left out',
    stream: '@10 SPS 0x000001 0x000001 IDR 0x000001 @20 P 0x00000141',
    units: '[SPS IDR]10 [P 41]20',
  },
  {
    name: 'nothing is read before a unit is seen to begin: by a time, a delimiter or a parameter set',
    stream: '0x0102 P P_2 @- IDR @10 0x0304 P AUD P',
    units: '[AUD P]?',
  },
  {
    name: 'a packet that names a time and begins with a unit is enough',
    stream: '0x0102 @10 P @20 P',
    units: '[P]10 [P]20',
  },
  {
    name: 'bytes that are missing cost the open unit, and all up to the next that is seen to begin',
    stream: '@10 SPS IDR @20 P ! 0x0506 P_2 P @40 P @50 P',
    units: '[SPS IDR]10 [lost [P]40 [P]50',
  },
  {
    name: 'the end that a sender tells is the end',
    stream: '@10 SPS . @10 IDR . @20 P . ! @40 P .',
    units: '[SPS IDR]10 [P]20 lost [P]40',
  },
  {
    name: 'an end that was none shows: a slice goes on',
    stream: '@10 SPS IDR . @- 0x0506 @20 P',
    units: '[SPS IDR]10 [P]20 torn',
  },
  {
    name: 'an end that was none shows: another slice follows',
    stream: '@10 SPS IDR . @- IDR_2 @20 P',
    units: '[SPS IDR]10 [IDR_2]? [P]20 torn',
  },
  {
    name: 'units without a meaning behind an end are no reason to think so',
    stream: '@10 SPS IDR . @- TYPE24 0x0506 . @20 P',
    units: '[SPS IDR]10 [P]20',
  },
  {
    name: 'H.265',
    codec: PS_H265,
    stream: '@10 VPS SPS PPS IDR IDR_2 SUFFIX @20 P P',
    units: '[VPS SPS PPS IDR IDR_2 SUFFIX]10 [P]20 [P]?',
  },
  {
    name: 'H.265 that was taken for H.264, from its parameter sets on',
    stream: '@10 0x00000102010102 @20 0x00000140010c 0x000001420101 0x0000012601af @30 0x0000010201d0',
    units: '[02010102]10 H.265 [40010c SPS IDR]20 [P]30',
  },
];

const TAKEN_FOR_H264: Vector = {
  name: 'a delimiter of H.265 that was taken for SEI of H.264 does not take the time of its unit',
  stream: '@10 0x000001460150 0x000001400101 0x000001420101 0x0000012601af',
  units: '[460150H.265 [400101 SPS IDR]10',
};

describe('units', () => {
  test.each([...VECTORS, TAKEN_FOR_H264])('$name', ({ stream, units, codec = PS_H264 }) => {
    expect(run(stream, codec, (bytes) => [bytes])).toBe(units);
    expect(run(stream, codec, (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte)))).toBe(units);
    expect(run(stream, codec, (bytes) => [bytes.subarray(0, 3), bytes.subarray(3)])).toBe(units);
  });

  test('are found wherever a network cuts them', () => {
    const bytes = hex(
      '000001 6742 000001 68ce 00000001 6588 000001 6540 00 00000001 09f0 000001 41e0 000001 09f0',
    );
    for (const pieces of splitEveryWay(bytes)) {
      const notes = new Notes();
      const splitter = new AccessUnitSplitter(PS_H264, notes);
      for (const piece of pieces) {
        splitter.receive(piece);
        piece.fill(0xee);
      }
      splitter.endUnit();
      expect(notes.text.trimEnd()).toBe('[SPS PPS IDR IDR_2]? [AUD P]? [AUD');
    }
  });
});

test('a unit above all limits is lost, and the next is read', () => {
  const notes = new Notes();
  const splitter = new AccessUnitSplitter(PS_H264, notes);
  splitter.receive(hex('000001 6742 000001 6588'));
  for (let count = 0; count < 9; count += 1) splitter.receive(new Uint8Array(2 ** 20).fill(0xa5));
  splitter.beginPacket(timeOf('20'));
  splitter.receive(hex('000001 6742 000001 6588'));
  splitter.endUnit();
  expect(notes.text.trimEnd()).toBe('[SPSlost [SPS IDR]20');
});

test('a change of codec ends the unit before', () => {
  const notes = new Notes();
  const splitter = new AccessUnitSplitter(PS_H264, notes);
  splitter.beginPacket(timeOf('10'));
  splitter.receive(hex('000001 6742 000001 6588 000001 0605'));
  splitter.beginPacket(timeOf('20'));
  splitter.receive(hex('000001 4001 000001 420101 000001 2601af'));
  splitter.endUnit();
  expect(notes.text.trimEnd()).toBe('[SPS IDR]10 H.265 [VPS SPS IDR]20');
});
