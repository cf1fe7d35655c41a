import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTransportHeader, serializeTransport, type RtspTransport } from './transport-header.ts';

const UDP = { specifier: 'RTP/AVP', profile: 'RTP/AVP', lowerTransport: 'udp', delivery: 'unicast' } as const;
const TCP = { ...UDP, specifier: 'RTP/AVP/TCP', lowerTransport: 'tcp' } as const;

function defined(transport: RtspTransport): Partial<RtspTransport> {
  return Object.fromEntries(Object.entries(transport).filter(([, value]) => value !== undefined));
}

const VECTORS: { name: string; value: string; transports: RtspTransport[] }[] = [
  {
    name: "ffmpeg's, for UDP",
    value: 'RTP/AVP/UDP;unicast;client_port=12345-12346',
    transports: [{ ...UDP, specifier: 'RTP/AVP/UDP', clientPort: { rtp: 12_345, rtcp: 12_346 } }],
  },
  {
    name: "ffmpeg's, for publishing over TCP",
    value: 'RTP/AVP/TCP;unicast;interleaved=0-1;mode=record',
    transports: [{ ...TCP, interleaved: { rtp: 0, rtcp: 1 }, mode: 'record' }],
  },
  {
    name: "RFC 2326's alternatives with a list in quotes",
    value: 'RTP/AVP;multicast;ttl=127;mode="PLAY",RTP/AVP;unicast;client_port=3456-3457;mode="PLAY,RECORD"',
    transports: [
      { ...UDP, delivery: 'multicast', mode: 'play' },
      { ...UDP, clientPort: { rtp: 3456, rtcp: 3457 }, mode: 'play' },
    ],
  },
  {
    name: "a server's answer",
    value:
      'RTP/AVP;unicast;source=192.0.2.7;client_port=4588-4589;server_port=6256-6257;ssrc=2a3f93ed;mode="PLAY"',
    transports: [
      {
        ...UDP,
        source: '192.0.2.7',
        clientPort: { rtp: 4588, rtcp: 4589 },
        serverPort: { rtp: 6256, rtcp: 6257 },
        ssrc: 0x2a3f93ed,
        mode: 'play',
      },
    ],
  },
  {
    name: 'interleaved that does not say TCP, with spaces and in another case',
    value: ' rtp/avp ; Unicast ; Interleaved = 2-3 ; Mode = Receive ',
    transports: [{ ...TCP, specifier: 'rtp/avp', interleaved: { rtp: 2, rtcp: 3 }, mode: 'record' }],
  },
  {
    name: 'TCP without channels, and with channels that make no sense',
    value:
      'RTP/AVP/TCP,RTP/AVP/TCP;interleaved=300-301,RTP/AVP/TCP;interleaved=a-b,RTP/AVP/TCP;interleaved=4-4',
    transports: [TCP, TCP, TCP, TCP],
  },
  {
    name: 'one port or channel, which stands for itself and the next',
    value: 'RTP/AVP;client_port=5000,RTP/AVP/TCP;interleaved=6',
    transports: [
      { ...UDP, clientPort: { rtp: 5000, rtcp: 5001 } },
      { ...TCP, interleaved: { rtp: 6, rtcp: 7 } },
    ],
  },
  {
    name: 'ports that make no sense',
    value: 'RTP/AVP;client_port=0-1,RTP/AVP;client_port=65535,RTP/AVP;client_port=99999-3',
    transports: [UDP, UDP, UDP],
  },
  {
    name: 'encrypted media',
    value: 'RTP/SAVP;unicast;client_port=5000-5001',
    transports: [
      { ...UDP, specifier: 'RTP/SAVP', profile: 'RTP/SAVP', clientPort: { rtp: 5000, rtcp: 5001 } },
    ],
  },
  {
    name: 'commas without anything between them, and what is no transport',
    value: ',, unicast , ;;, RTP/AVP',
    transports: [UDP],
  },
  { name: 'nothing', value: '', transports: [] },
];

test.each(VECTORS)('reads $name', ({ value, transports }) => {
  expect(parseTransportHeader(value).map(defined)).toEqual(transports);
});

test.each<[RtspTransport, string]>([
  [
    { ...UDP, specifier: 'RTP/AVP/UDP', clientPort: { rtp: 1, rtcp: 2 }, serverPort: { rtp: 3, rtcp: 4 } },
    'RTP/AVP/UDP;unicast;client_port=1-2;server_port=3-4',
  ],
  [
    { ...TCP, interleaved: { rtp: 0, rtcp: 1 }, ssrc: 0xabc, mode: 'record' },
    'RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=00000ABC;mode=record',
  ],
])('writes %o', (transport, text) => {
  expect(serializeTransport(transport)).toBe(text);
  expect(parseTransportHeader(text).map(defined)).toEqual([transport]);
});

test('an address that would begin another parameter is left out', () => {
  expect(serializeTransport({ ...UDP, source: 'a;mode=record', destination: 'b,c' })).toBe('RTP/AVP;unicast');
});

test('a header of thousands of alternatives costs no more than one of sixteen', () => {
  expect(parseTransportHeader('RTP/AVP;unicast,'.repeat(1000))).toHaveLength(16);
});

test('whatever a client sends, what is read can be written and read again', () => {
  const word = fc.constantFrom(
    'RTP/AVP',
    '/TCP',
    ';',
    ',',
    '=',
    '"',
    '-',
    ' ',
    'unicast',
    'client_port',
    'interleaved',
    'mode',
    'ssrc',
    '7',
    'PLAY',
  );
  const value = fc.oneof(
    fc.string(),
    fc.array(word, { maxLength: 30 }).map((words) => words.join('')),
  );
  fc.assert(
    fc.property(value, (text) => {
      const transports = parseTransportHeader(text);
      const again = parseTransportHeader(transports.map(serializeTransport).join(','));
      expect(again.map(serializeTransport)).toEqual(transports.map(serializeTransport));
    }),
  );
});
