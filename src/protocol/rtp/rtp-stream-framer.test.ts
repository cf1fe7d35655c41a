import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { codeOf } from '../../testing/coded-error.ts';
import { hex, toHex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { concatBytes } from '../../testing/ps-kit.ts';
import { splitEveryWay } from '../../testing/split-every-way.ts';
import { RtpStreamFramer } from './rtp-stream-framer.ts';

const SSRC = '0a0b0c0d';
const OTHER_SSRC = '01020304';

function rtp(sequence: number, payload: string, ssrc = SSRC): Uint8Array {
  return hex(`8060 ${sequence.toString(16).padStart(4, '0')} 00000000 ${ssrc} ${payload}`);
}

const rtcp = hex(`80c9 0001 ${SSRC}`);

function framed(packet: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(packet.length >>> 8, packet.length), packet);
}

function interleaved(packet: Uint8Array, channel = 0): Uint8Array {
  return concatBytes(Uint8Array.of(0x24, channel), framed(packet));
}

function read(framer: RtpStreamFramer, ...pieces: readonly Uint8Array[]): string[] {
  const packets: string[] = [];
  for (const piece of pieces) {
    framer.receive(piece);
    for (let packet = framer.next(); packet !== undefined; packet = framer.next())
      packets.push(toHex(packet));
  }
  return packets;
}

const PACKETS = [rtp(1, 'aabb'), rtcp, rtp(2, ''), rtp(3, 'cc')];
/** As long as `$` and a channel would be. */
const LARGE = concatBytes(rtp(4, ''), new Uint8Array(0x2400 - 12));

describe.each([
  ['lengths', concatBytes(...PACKETS.map(framed))],
  ['interleaving', concatBytes(...PACKETS.map((packet, index) => interleaved(packet, index % 2)))],
  ['lengths, and packets of nothing', concatBytes(hex('0000'), ...PACKETS.map(framed), hex('0000'))],
])('a stream with %s', (_name, bytes) => {
  test('gives its packets, however it is cut', () => {
    for (const pieces of splitEveryWay(bytes)) {
      const framer = new RtpStreamFramer();
      expect(read(framer, ...pieces)).toEqual(PACKETS.map(toHex));
      expect(framer.counters).toEqual({ resyncs: 0, skippedBytes: 0 });
    }
  });
});

test('a first packet whose length looks like a channel is one all the same', () => {
  expect(read(new RtpStreamFramer(), framed(LARGE), framed(rtp(5, '')))).toHaveLength(2);
});

describe('a stream that falls out of step', () => {
  test('goes on with the next packet of its source', () => {
    const framer = new RtpStreamFramer();
    const wrong = framed(rtp(2, 'aabbccdd'));
    wrong[1]! -= 3; // its length is told too small
    const bytes = concatBytes(
      framed(rtp(1, 'aa')),
      wrong,
      framed(rtp(3, '', OTHER_SSRC)),
      framed(rtp(4, 'ee')),
    );
    for (const pieces of splitEveryWay(bytes)) {
      const each = new RtpStreamFramer();
      const packets = read(each, ...pieces);
      expect(packets.slice(0, 1)).toEqual([toHex(rtp(1, 'aa'))]);
      expect(packets.at(-1)).toBe(toHex(rtp(4, 'ee')));
      expect(each.counters.resyncs).toBe(1);
    }
    expect(read(framer, bytes)).toHaveLength(3);
    expect(framer.counters.skippedBytes).toBe(3 + framed(rtp(3, '')).length);
  });

  test('is interleaved, too', () => {
    const framer = new RtpStreamFramer();
    const bytes = concatBytes(interleaved(rtp(1, '')), hex('0102'), interleaved(rtp(2, '')));
    expect(read(framer, bytes)).toEqual([rtp(1, ''), rtp(2, '')].map(toHex));
    expect(framer.counters).toEqual({ resyncs: 1, skippedBytes: 2 });
  });

  test('and finds nothing any more ends in the coded error', () => {
    const framer = new RtpStreamFramer();
    read(framer, framed(rtp(1, '')));
    const noise = new Uint8Array(65_536).fill(0x11);
    const code = codeOf(() => {
      for (let count = 0; count < 20; count += 1) read(framer, noise);
    });
    expect(code).toBe('ERR_RTP_FRAMING');
    expect(framer.counters.skippedBytes).toBeLessThan(1.2e6);
  });
});

test.each([
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['TLS', hex('1603010200')],
  ['RTSP without RTP', Buffer.from('$\0\0\x04abcd')],
])('%s is refused at its first bytes', (_name, bytes) => {
  expect(codeOf(() => read(new RtpStreamFramer(), Uint8Array.from(bytes)))).toBe('ERR_RTP_FRAMING');
});

test('whatever comes gives packets of version 2, or ends in the coded error', () => {
  const vectors = [
    concatBytes(...PACKETS.map(framed)),
    concatBytes(...PACKETS.map((each) => interleaved(each))),
  ];
  fc.assert(
    fc.property(fc.array(damagedBytes(vectors), { maxLength: 8 }), (pieces) => {
      try {
        for (const packet of read(new RtpStreamFramer(), ...pieces)) expect(packet).toMatch(/^[89ab]/);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        expect(error.code).toBe('ERR_RTP_FRAMING');
      }
    }),
    { numRuns: 1000 },
  );
});
