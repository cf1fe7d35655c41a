import { expect, test } from 'vitest';
import { aacConfigFromAudioSpecificConfig } from '../../codec/aac/aac-config.ts';
import type { CodecConfig } from '../../codec/codec-config.ts';
import { g711Config } from '../../codec/g711/g711-config.ts';
import { opusConfigFromHead } from '../../codec/opus/opus-config.ts';
import { hex } from '../../testing/hex.ts';
import { describeTracks, type DescribedTrack } from './describe-tracks.ts';
import { rtpFormatOf } from './rtp-format-of.ts';
import { parseSessionDescription } from './session-description.ts';

const metadata: CodecConfig = {
  kind: 'opaque',
  codec: 'rtp',
  media: 'application',
  encodingName: 'vnd.onvif.metadata',
  clockRate: 90_000,
  channels: 1,
  formatParameters: '',
};

const TRACKS: DescribedTrack[] = [
  [aacConfigFromAudioSpecificConfig(hex('1188')), 97],
  [opusConfigFromHead(new Uint8Array(0)), 101],
  [g711Config('g711a'), 8],
  [metadata, 102],
].map(([config, payloadType], index) => ({
  format: rtpFormatOf(config as CodecConfig, payloadType as number)!,
  control: `streamid=${index}`,
}));

test('describes the tracks in their order', () => {
  const session = { name: 'No Name', tool: 'lal', address: '127.0.0.1', range: 'npt=now-' };
  expect(describeTracks(TRACKS, session).split('\r\n')).toEqual([
    'v=0',
    'o=- 0 0 IN IP4 127.0.0.1',
    's=No Name',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    'a=tool:lal',
    'a=control:*',
    'a=range:npt=now-',
    'm=audio 0 RTP/AVP 97',
    'a=rtpmap:97 MPEG4-GENERIC/48000/1',
    'a=fmtp:97 streamtype=5;profile-level-id=41;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1188',
    'a=control:streamid=0',
    'm=audio 0 RTP/AVP 101',
    'a=rtpmap:101 opus/48000/2',
    'a=fmtp:101 sprop-stereo=1',
    'a=control:streamid=1',
    'm=audio 0 RTP/AVP 8',
    'a=rtpmap:8 PCMA/8000',
    'a=control:streamid=2',
    'm=application 0 RTP/AVP 102',
    'a=rtpmap:102 vnd.onvif.metadata/90000',
    'a=control:streamid=3',
    '',
  ]);
});

test('what it describes is read back without remarks', () => {
  const text = describeTracks(TRACKS, { name: 'a', tool: 'b', address: '::1', sessionId: 7 });
  const description = parseSessionDescription(text);
  expect(description).toMatchObject({
    origin: '- 7 0 IN IP6 ::1',
    connection: 'IN IP6 ::1',
    control: '*',
    tool: 'b',
    notes: [],
  });
  expect(description.media.map(({ rtpFormats }) => rtpFormats)).toEqual(TRACKS.map(({ format }) => [format]));
  expect(description.media.flatMap(({ notes }) => notes)).toEqual([]);
});

test('a session without a name has a dash, as RFC 8866 wants it', () => {
  expect(describeTracks([], { name: '', tool: 'b', address: '127.0.0.1' })).toContain('\r\ns=-\r\n');
});
