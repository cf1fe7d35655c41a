import { expect, test } from 'vitest';
import { serializeInterleavedPacket } from '../../protocol/rtsp/interleaved-packet.ts';
import { webSocketFraming } from '../websocket/framing.ts';
import { webSocketPacketFraming } from './websocket-framing.ts';

function packetOf(channel: number, length: number): Uint8Array {
  return serializeInterleavedPacket(channel, new Uint8Array(length).fill(length));
}

test.each([
  [[0]],
  [[121]],
  [[122]],
  [[1400]],
  [[65_531]],
  [[65_532]],
  [[65_535]],
  [[12, 1400, 0, 65_535, 3]],
  [[]],
])('packets of %j bytes are one frame each, with the bytes before them', (lengths) => {
  const packets = lengths.map((length, index) => packetOf(index, length));
  const expected = Buffer.concat(packets.map((packet) => webSocketFraming.frame(packet)));
  const input = Buffer.concat(packets);
  const untouched = Buffer.from(input);
  expect(Buffer.compare(webSocketPacketFraming.frame(input), expected)).toBe(0);
  expect(input).toEqual(untouched);
});

test('what is cut off in a packet is a frame all the same', () => {
  const packet = packetOf(1, 10).subarray(0, 9);
  expect([...webSocketPacketFraming.frame(packet)]).toEqual([0x82, 9, ...packet]);
  expect([...webSocketPacketFraming.frame(packet.subarray(0, 2))]).toEqual([0x82, 2, 0x24, 1]);
});
