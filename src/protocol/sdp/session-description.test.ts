import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { codecConfigOf } from './codec-config-of.ts';
import { attributeValue } from './sections.ts';
import { serializeSessionDescription } from './serialize-session-description.ts';
import { parseSessionDescription } from './session-description.ts';

function corpusFile(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, `../../../test/corpus/sdp/${name}.sdp`));
}

test('gives the fields of the session and of each media', () => {
  const description = parseSessionDescription(corpusFile('session-level-attributes'));
  expect(description).toMatchObject({
    origin: '- 1 1 IN IP4 192.0.2.2',
    name: 'attributes before the name',
    connection: 'IN IP4 239.1.2.3/127',
    control: 'rtsp://192.0.2.2:554/live/',
    tool: undefined,
    notes: [],
  });
  expect(description.media).toMatchObject([
    { media: 'video', port: 5000, protocol: 'RTP/AVP', formats: ['96'], direction: 'recvonly' },
    { media: 'audio', port: 5002, formats: ['0'], direction: 'inactive', control: 'audio' },
    { media: 'audio', port: 5006, formats: ['8'], direction: 'recvonly', control: undefined },
  ]);
});

test('keeps bandwidth, connection and unknown attributes of a media', () => {
  const [video] = parseSessionDescription(corpusFile('gstreamer-rtspclientsink')).media;
  expect(video).toMatchObject({ connection: 'IN IP4 127.0.0.1', bandwidth: ['AS:2048'] });
  expect(attributeValue(video!, 'Framerate')).toBe('25');
  expect(attributeValue(video!, 'ts-refclk')).toBe('local');
  expect(attributeValue(video!, 'nothing')).toBeUndefined();
});

test('a name in another encoding loses its letters and nothing else', () => {
  const description = parseSessionDescription(corpusFile('windows-1251-name'));
  expect(description.name).toMatch(/^\ufffd+ \ufffd \ufffd+$/);
  expect(parseSessionDescription('v=0\r\ns=Камера\r\n').name).toBe('Камера');
});

test('format parameters are found by name in lower case, and kept as they came', () => {
  const [, audio] = parseSessionDescription(corpusFile('hikvision-playback-odd-case')).media;
  const [format] = audio!.rtpFormats;
  expect(Object.fromEntries(format!.parameters)).toMatchObject({ sizelength: '13', indexlength: '3' });
  expect(format!.formatParameters).toMatch(/^profile-level-id=15; streamtype=5; .*Profile=1;$/);
});

test('text and bytes are read alike', () => {
  const bytes = corpusFile('dahua-h265-aac');
  expect(parseSessionDescription(bytes.toString('utf8'))).toEqual(parseSessionDescription(bytes));
});

test('serialized values cannot smuggle lines in', () => {
  const text = serializeSessionDescription({
    origin: '- 0 0 IN IP4 127.0.0.1',
    name: 'a\r\na=control:evil\u0000',
    bandwidth: [],
    attributes: [{ name: 'tool', value: 'x\ny' }],
    media: [],
  });
  expect(text).toBe('v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=a a=control:evil\r\nt=0 0\r\na=tool:x y\r\n');
});

const MEDIA = 'm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n';
/** As much as is read at all. */
const LONGEST = 256 * 1024 - MEDIA.length - 100;

test.each([
  ['a megabyte', `${MEDIA}s=${'x'.repeat(1_000_000)}`, 'ERR_SDP_TOO_LARGE'],
  ['a megabyte of bytes', new Uint8Array(1_000_000), 'ERR_SDP_TOO_LARGE'],
  ['10 000 media', 'm=audio 0 RTP/AVP 0\n'.repeat(10_000), 'ERR_SDP_COUNT'],
  ['10 000 broken media', `v=0\n${'m=\n'.repeat(10_000)}`, 'ERR_SDP_COUNT'],
  ['endless attributes', `${MEDIA}${'a=x\n'.repeat(1000)}`, 'ERR_SDP_COUNT'],
  ['endless attributes of the session', `v=0\n${'a=x\n'.repeat(1000)}${MEDIA}`, 'ERR_SDP_COUNT'],
  ['endless lines', `v=0\n${'i=x\n'.repeat(10_000)}`, 'ERR_SDP_COUNT'],
  ['endless formats', `m=video 0 RTP/AVP${' 96'.repeat(5000)}\n`, 'ERR_SDP_COUNT'],
  [
    'endless parameters',
    `${MEDIA}a=fmtp:96 ${Array.from({ length: 5000 }, (_, n) => `p${n}=1`).join(';')}\n`,
    'ERR_SDP_COUNT',
  ],
  ['no SDP', 'RTSP/1.0 404 Not Found\r\n\r\n', 'ERR_SDP_SYNTAX'],
  ['nothing', '', 'ERR_SDP_SYNTAX'],
])('%s is refused with its code', (_name, input, code) => {
  expect(codeOf(() => parseSessionDescription(input))).toBe(code);
});

test.each([
  ['empty lines', '\r\n'.repeat(LONGEST / 2)],
  ['lines that are none', 'x\n'.repeat(LONGEST / 2)],
  ['a=fmtp broken into single letters', `a=fmtp:96 x=\n${'y\n'.repeat(LONGEST / 2)}`],
  ['spaces in a=fmtp', `a=fmtp:96 a=1${' '.repeat(LONGEST)}b=2`],
  ['words in a=fmtp', `a=fmtp:96 ${'a '.repeat(LONGEST / 2)}`],
  ['a long name in a=fmtp', `a=fmtp:96 ${'a'.repeat(LONGEST)}`],
  ['semicolons', `a=fmtp:96 ${';'.repeat(LONGEST)}`],
  ['commas in sprop', `a=fmtp:96 sprop-parameter-sets=${'Z0LA,'.repeat(LONGEST / 5)}`],
  ['a long set in sprop', `a=fmtp:96 sprop-parameter-sets=Z0LA${'A'.repeat(LONGEST)},aM4P`],
  ['start codes in sprop', `a=fmtp:96 sprop-parameter-sets=${'AAABZ0LAHgAAAWjO'.repeat(LONGEST / 16)}`],
  ['blanks in an attribute', `a=x${' '.repeat(LONGEST)}y`],
  ['slashes in a=rtpmap', `a=rtpmap:96 ${'/'.repeat(LONGEST)}`],
  ['digits in a=rtpmap', `a=rtpmap:${'9'.repeat(LONGEST)}`],
  ['a long m= line', `m=video 0 ${'x'.repeat(LONGEST)} 96`],
  ['controls', `a=control:${'*'.repeat(LONGEST)}`],
])('%s up to the limit are read in no time', (_name, text) => {
  const startedMs = performance.now();
  const { media } = parseSessionDescription(MEDIA + text);
  for (const { rtpFormats } of media) rtpFormats.forEach(codecConfigOf);
  expect(performance.now() - startedMs).toBeLessThan(500);
});

test('remarks are not more than anybody would read, and never quote the sender', () => {
  const [media] = parseSessionDescription(
    `m=video x RTP/AVP ${'evil '.repeat(100)}\n${'a=rtpmap:evil\n'.repeat(300)}a=fmtp:1 evil\n`,
  ).media;
  expect(media!.notes.length).toBeLessThanOrEqual(16);
  expect(media!.notes.join()).not.toContain('evil');
});

test('random text is read or refused with a code', () => {
  const line = fc.tuple(fc.constantFrom('v', 'o', 's', 'm', 'a', 'c', 't'), fc.string({ maxLength: 40 }));
  const text = fc
    .array(line, { maxLength: 40 })
    .map((lines) => lines.map((pair) => pair.join('=')).join('\n'));
  fc.assert(
    fc.property(fc.oneof(fc.string(), text), (input) => {
      const code = codeOf(() => parseSessionDescription(input));
      expect([undefined, 'ERR_SDP_SYNTAX']).toContain(code);
    }),
  );
});
