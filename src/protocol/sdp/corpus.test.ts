import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { REFUSED_SDP, SDP_CORPUS } from '../../testing/sdp-corpus.ts';
import { createDepacketizer } from '../rtp/depacketizer/create-depacketizer.ts';
import type { RtpFormat } from '../rtp/rtp-format.ts';
import { codecConfigOf } from './codec-config-of.ts';
import { isKnownCodec } from './known-codec.ts';
import { serializeSessionDescription } from './serialize-session-description.ts';
import {
  parseSessionDescription,
  type MediaDescription,
  type SessionDescription,
} from './session-description.ts';

const corpus = join(import.meta.dirname, '../../../test/corpus/sdp');
const names = readdirSync(corpus).map((file) => file.replace(/\.sdp$/, ''));
const usableNames = Object.keys(SDP_CORPUS);

function bytesOf(name: string): Uint8Array {
  return Uint8Array.from(readFileSync(join(corpus, `${name}.sdp`)));
}

/** As SDP_CORPUS writes it. */
function summaryOf(description: SessionDescription): string[] {
  return [...description.notes.map((note) => `! ${note}`), ...description.media.flatMap(mediaText)];
}

function mediaText(media: MediaDescription): string[] {
  const direction = media.direction === undefined ? '' : ` ${media.direction}`;
  const where = `${media.media} [${media.control ?? ''}]${direction}`;
  const formats = media.rtpFormats.map((format) => `${where} ${formatText(format)}`);
  return [
    ...(formats.length > 0 ? formats : [`${where} unusable`]),
    ...media.notes.map((note) => `! ${note}`),
  ];
}

function formatText(format: RtpFormat): string {
  const { payloadType, encodingName, clockRate, channels } = format;
  const config = codecConfigOf(format);
  let meaning = isKnownCodec(format) ? 'in-band' : 'opaque';
  if (config?.kind === 'video') meaning = `${config.codecString} ${config.width}x${config.height}`;
  if (config?.kind === 'audio') meaning = `${config.codecString} ${config.sampleRate}/${config.channels}`;
  return `${payloadType} ${encodingName}/${clockRate}${channels === 1 ? '' : `/${channels}`}: ${meaning}`;
}

test('every file of the corpus is in the table, and no other', () => {
  expect(names.sort()).toEqual([...usableNames, ...REFUSED_SDP].sort());
});

test.each(usableNames)('reads %s', (name) => {
  const bytes = bytesOf(name);
  const before = bytes.slice();
  expect(summaryOf(parseSessionDescription(bytes))).toEqual(SDP_CORPUS[name]);
  expect(bytes).toEqual(before);
});

test.each(REFUSED_SDP)('%s', (name) => {
  expect(codeOf(() => parseSessionDescription(bytesOf(name)))).toBe('ERR_SDP_SYNTAX');
});

test.each(usableNames)('writes %s in a form that says the same', (name) => {
  const description = parseSessionDescription(bytesOf(name));
  const text = serializeSessionDescription(description);
  const again = parseSessionDescription(text);
  const saidOf = (value: SessionDescription): string[] =>
    summaryOf(value).filter((line) => !line.startsWith('!'));
  expect(saidOf(again)).toEqual(saidOf(description));
  expect(again.media.map(({ attributes }) => attributes)).toEqual(
    description.media.map(({ attributes }) => attributes),
  );
  expect(serializeSessionDescription(again)).toBe(text);
});

test.each(usableNames)('known codecs are those that have a depacketizer: %s', (name) => {
  for (const { rtpFormats } of parseSessionDescription(bytesOf(name)).media) {
    for (const format of rtpFormats) {
      const depacketizer = createDepacketizer(format, codecConfigOf(format));
      expect(depacketizer !== undefined, format.encodingName).toBe(isKnownCodec(format));
    }
  }
});

test('damaged descriptions are read or refused with a code, and so are their parameters', () => {
  const vectors = names.map(bytesOf);
  fc.assert(
    fc.property(damagedBytes(vectors), (bytes) => {
      const code = codeOf(() => {
        const description = parseSessionDescription(bytes);
        for (const media of description.media) media.rtpFormats.forEach(codecConfigOf);
      });
      expect([undefined, 'ERR_SDP_SYNTAX', 'ERR_SDP_COUNT']).toContain(code);
    }),
    { numRuns: 1000 },
  );
});
