import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { splitEveryWay } from '../../testing/split-every-way.ts';
import { Base64Decoder } from './http-tunnel-base64.ts';

function decoded(pieces: readonly Uint8Array[]): string {
  const decoder = new Base64Decoder();
  return Buffer.concat(pieces.map((piece) => decoder.decode(piece))).toString();
}

test.each([
  ['', ''],
  ['Zm9vYmFy', 'foobar'],
  ['Zm9vYmE=', 'fooba'],
  ['Zm9vYg==', 'foob'],
  // Message by message, each padded, some with line breaks.
  ['Zg==Zm8=Zm9v', 'ffofoo'],
  ['Zm9v\r\nYg==\r\n\r\nYmFy\n', 'foobbar'],
  ['Zg==\r\n', 'f'],
  ['====Zg==', 'f'],
])('decodes %j, however it is cut', (text, expected) => {
  for (const pieces of splitEveryWay(Buffer.from(text))) expect(decoded(pieces)).toBe(expected);
});

test.each(['OPTIONS * RTSP/1.0', 'Zm9v-_', 'Z===', 'Zm9v\u0000', '$\u0000'])('%j is no Base64', (text) => {
  expect(codeOf(() => decoded([Buffer.from(text, 'latin1')]))).toBe('ERR_RTSP_TUNNEL_BASE64');
});

test('messages that were encoded one by one, and cut anywhere, come out as one stream', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), fc.array(fc.nat(80)), (messages, cuts) => {
      let rest = Buffer.from(messages.map((message) => Buffer.from(message).toString('base64')).join(''));
      const decoder = new Base64Decoder();
      const parts: Uint8Array[] = [];
      for (const cut of cuts) {
        parts.push(decoder.decode(rest.subarray(0, cut)));
        rest = rest.subarray(cut);
      }
      parts.push(decoder.decode(rest));
      expect(Buffer.concat(parts)).toEqual(Buffer.concat(messages));
    }),
  );
});
