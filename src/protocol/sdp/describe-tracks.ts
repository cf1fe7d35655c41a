/** Our own descriptions (RFC 8866; RFC 2326, appendix C): what players are told, and what is announced to other servers. */
import type { RtpFormat } from '../rtp/rtp-format.ts';
import type { MediaSection, SdpAttribute } from './sections.ts';
import { serializeSessionDescription } from './serialize-session-description.ts';

/** One track of a description. */
export interface DescribedTrack {
  readonly format: RtpFormat;
  /** For `a=control`: `streamid=0`. */
  readonly control: string;
}

/** What stands above the tracks. */
export interface DescribedSession {
  readonly name: string;
  /** Name and version of the program. */
  readonly tool: string;
  /** Of the describing side, IPv4 or IPv6. RTSP clients do not look at it. */
  readonly address: string;
  /** Tells descriptions of one origin apart, a whole number; 0 unless said. */
  readonly sessionId?: number | undefined;
  /** For `a=range`, as `npt=now-`; left out unless said. */
  readonly range?: string | undefined;
}

/** A description with the tracks in their order, as text. */
export function describeTracks(tracks: readonly DescribedTrack[], session: DescribedSession): string {
  const address = `IN ${session.address.includes(':') ? 'IP6' : 'IP4'} ${session.address}`;
  return serializeSessionDescription({
    origin: `- ${session.sessionId ?? 0} 0 ${address}`,
    name: session.name,
    connection: address,
    bandwidth: [],
    attributes: [
      { name: 'tool', value: session.tool },
      { name: 'control', value: '*' },
      ...optional('range', session.range ?? ''),
    ],
    media: tracks.map(mediaOf),
  });
}

function mediaOf({ format, control }: DescribedTrack): MediaSection {
  const { media, payloadType, encodingName, clockRate, formatParameters } = format;
  const rtpmap = `${payloadType} ${encodingName}/${clockRate}${channelsOf(format)}`;
  return {
    media,
    port: 0,
    protocol: 'RTP/AVP',
    formats: [String(payloadType)],
    bandwidth: [],
    attributes: [
      { name: 'rtpmap', value: rtpmap },
      ...optional('fmtp', formatParameters === '' ? '' : `${payloadType} ${formatParameters}`),
      { name: 'control', value: control },
    ],
  };
}

/** One channel is what readers assume; only of AAC some assume two. */
function channelsOf({ media, encodingName, channels }: RtpFormat): string {
  const isAac = encodingName.toLowerCase() === 'mpeg4-generic';
  return media === 'audio' && (channels > 1 || isAac) ? `/${channels}` : '';
}

function optional(name: string, value: string): SdpAttribute[] {
  return value === '' ? [] : [{ name, value }];
}
