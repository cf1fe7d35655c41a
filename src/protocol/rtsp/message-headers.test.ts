import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseMethodList, serializeMethodList } from './method-list.ts';
import { parseRange, serializeRange, type RtspRange } from './range-header.ts';
import { parseRtpInfo, serializeRtpInfo, type RtpInfoEntry } from './rtp-info-header.ts';
import { RtspHeaders } from './rtsp-headers.ts';
import { parseSessionHeader, serializeSessionHeader } from './session-header.ts';

describe('headers', () => {
  test('names compare without regard to case, and keep their spelling', () => {
    const headers = new RtspHeaders([['CSeq', '1']]);
    expect(headers.get('cseq')).toBe('1');
    expect(headers.has('CSEQ')).toBe(true);
    expect([...headers.set('cSeq', '2')]).toEqual([['cSeq', '2']]);
  });

  test('several of one name stay apart', () => {
    const headers = new RtspHeaders([
      ['WWW-Authenticate', 'Digest realm="a, b"'],
      ['Server', 's'],
      ['www-authenticate', 'Basic realm="a"'],
    ]);
    expect(headers.get('WWW-Authenticate')).toBe('Digest realm="a, b"');
    expect(headers.getAll('WWW-Authenticate')).toEqual(['Digest realm="a, b"', 'Basic realm="a"']);
    expect(headers.size).toBe(3);
    expect([...headers.delete('WWW-AUTHENTICATE')]).toEqual([['Server', 's']]);
    expect(headers.getAll('WWW-Authenticate')).toEqual([]);
  });

  test('nothing is lengthened where there is nothing', () => {
    const headers = new RtspHeaders();
    headers.continueLast('x');
    expect(headers.size).toBe(0);
  });
});

describe('Session', () => {
  test.each([
    ['47112344', { id: '47112344', timeoutSec: undefined }],
    ['47112344;timeout=60', { id: '47112344', timeoutSec: 60 }],
    [' abc-$_.+ ; Timeout = "30" ; x', { id: 'abc-$_.+', timeoutSec: 30 }],
    ['a;timeout=', { id: 'a', timeoutSec: undefined }],
    ['a;timeout=99999999999', { id: 'a', timeoutSec: 999_999_999 }],
  ])('reads %s', (value, session) => {
    expect(parseSessionHeader(value)).toEqual(session);
  });

  test('without an id there is none', () => {
    expect(parseSessionHeader(' ;timeout=60')).toBeUndefined();
    expect(parseSessionHeader('')).toBeUndefined();
  });

  test('is written with and without a timeout', () => {
    expect(serializeSessionHeader({ id: 'a', timeoutSec: 60 })).toBe('a;timeout=60');
    expect(serializeSessionHeader({ id: 'a' })).toBe('a');
  });
});

describe('Range', () => {
  test.each<[string, RtspRange | undefined]>([
    ['npt=0.000-', { unit: 'npt', start: 0, end: undefined }],
    ['npt=now-', { unit: 'npt', start: 'now', end: undefined }],
    ['NPT = 12:05:35.3 - 13:00:00 ;time=19970123T143720Z', { unit: 'npt', start: 43_535.3, end: 46_800 }],
    ['npt=-20.5', { unit: 'npt', start: undefined, end: 20.5 }],
    ['npt=5.-', { unit: 'npt', start: 5, end: undefined }],
    ['clock=19961108T142300Z-', { unit: 'clock', start: '19961108T142300Z', end: undefined }],
    [
      'clock=19961108T142300.25Z-19961108T143520Z',
      { unit: 'clock', start: '19961108T142300.25Z', end: '19961108T143520Z' },
    ],
    ['smpte=10:12:33:20-', { unit: 'smpte', start: '10:12:33:20', end: undefined }],
    ['smpte-25=10:07:00-10:07:33:05.01', { unit: 'smpte-25', start: '10:07:00', end: '10:07:33:05.01' }],
    ['npt=-', undefined],
    ['npt=', undefined],
    ['npt', undefined],
    ['npt=a-b', undefined],
    ['npt=1e3-', undefined],
    ['npt=1-2-3', undefined],
    ['npt=1-2=3', undefined],
    ['clock=yesterday-', undefined],
    ['smpte=1-2', undefined],
    ['bytes=0-', undefined],
    ['', undefined],
  ])('reads %s', (value, range) => {
    expect(parseRange(value)).toEqual(range);
  });

  test.each<[RtspRange, string]>([
    [{ unit: 'npt', start: 0 }, 'npt=0.000-'],
    [{ unit: 'npt', start: 'now' }, 'npt=now-'],
    [{ unit: 'npt', start: 1.5, end: 20 }, 'npt=1.500-20.000'],
    [{ unit: 'clock', start: '19961108T142300Z' }, 'clock=19961108T142300Z-'],
  ])('writes %o', (range, text) => {
    expect(serializeRange(range)).toBe(text);
  });
});

describe('RTP-Info', () => {
  const BASE = 'rtsp://192.0.2.1/live/a';

  test.each<[string, string, RtpInfoEntry[]]>([
    [
      'two tracks',
      `url=${BASE}/streamid=0;seq=45102;rtptime=4294967295, url=${BASE}/streamid=1;seq=30211;rtptime=0`,
      [
        { url: `${BASE}/streamid=0`, sequenceNumber: 45_102, timestamp: 4_294_967_295 },
        { url: `${BASE}/streamid=1`, sequenceNumber: 30_211, timestamp: 0 },
      ],
    ],
    [
      'a URL with commas and semicolons',
      `url=${BASE};x=1,2;seq=1`,
      [{ url: `${BASE};x=1,2`, sequenceNumber: 1, timestamp: undefined }],
    ],
    [
      'the form of RTSP 2.0',
      `url="${BASE}/a" ssrc=0A13C760:seq=45102;rtptime=12345678`,
      [{ url: `${BASE}/a`, sequenceNumber: 45_102, timestamp: 12_345_678 }],
    ],
    [
      'spaces and a last semicolon',
      `URL = trackID=1 ; `,
      [{ url: 'trackID=1', sequenceNumber: undefined, timestamp: undefined }],
    ],
    [
      'values out of range',
      'url=a;seq=65536;rtptime=4294967296',
      [{ url: 'a', sequenceNumber: undefined, timestamp: undefined }],
    ],
    ['no URL', 'seq=1;rtptime=2,url=', []],
  ])('reads %s', (_name, value, entries) => {
    expect(parseRtpInfo(value)).toEqual(entries);
  });

  test('says only what is known', () => {
    const entries = [{ url: 'a', sequenceNumber: 7, timestamp: 9 }, { url: 'b' }, { url: 'c', timestamp: 1 }];
    expect(serializeRtpInfo(entries)).toBe('url=a;seq=7;rtptime=9,url=b,url=c;rtptime=1');
  });
});

test('method lists are read with commas, spaces, or both', () => {
  expect(parseMethodList('OPTIONS, describe,,SETUP  TEARDOWN,')).toEqual([
    'OPTIONS',
    'DESCRIBE',
    'SETUP',
    'TEARDOWN',
  ]);
  expect(serializeMethodList(['OPTIONS', 'PLAY'])).toBe('OPTIONS, PLAY');
});

test('no header value makes a reader throw, or takes it long', () => {
  const word = fc.constantFrom(
    'url=',
    ';',
    ',',
    ' ',
    'seq=',
    'rtptime',
    '=',
    'npt',
    'clock',
    '-',
    ':',
    '"',
    '1',
    'now',
  );
  const value = fc.oneof(
    fc.string(),
    fc.array(word, { maxLength: 60 }).map((words) => words.join('')),
  );
  fc.assert(
    fc.property(value, (text) => {
      const range = parseRange(text);
      if (range !== undefined) expect(parseRange(serializeRange(range))).toBeDefined();
      expect(parseRtpInfo(serializeRtpInfo(parseRtpInfo(text)))).toHaveLength(parseRtpInfo(text).length);
      parseSessionHeader(text);
      parseMethodList(text);
    }),
  );
});

test.each([' ', ';', ',', 'url=', '"', ': ', '-'])('sixteen kilobytes of %j are read in no time', (piece) => {
  const startedMs = performance.now();
  const text = `url=x${piece.repeat(16_384 / piece.length)}x`;
  parseRtpInfo(text);
  parseRange(`npt=${text}`);
  parseSessionHeader(text);
  parseMethodList(text);
  expect(performance.now() - startedMs).toBeLessThan(500);
});
