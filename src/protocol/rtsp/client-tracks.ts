/** Tracks as a client finds them in a description, and what the answer to PLAY says about them. */
import type { MediaDescription, SessionDescription } from '../sdp/session-description.ts';
import { parseRange } from './range-header.ts';
import type { RtspRange } from './range-header.ts';
import { parseRtpInfo } from './rtp-info-header.ts';
import type { RtpInfoEntry } from './rtp-info-header.ts';
import type { RtspHeaders } from './rtsp-headers.ts';
import { controlBaseUrl, resolveControlUrl } from './rtsp-url.ts';

/** A track that the server describes. */
export interface RtspClientTrack {
  /** Position among the media of the description. */
  readonly index: number;
  readonly media: MediaDescription;
  /** What SETUP names. */
  readonly controlUrl: string;
}

/** What a description offers. */
export interface DescribedTracks {
  /** In the order of the description; media that are no plain RTP, or of unknown form, are left out. */
  readonly tracks: readonly RtspClientTrack[];
  /** What PLAY and TEARDOWN name. */
  readonly aggregateUrl: string;
}

/** What the server says about the first packet of a track after PLAY. Some servers say nonsense. */
interface FirstPacket {
  /** 16 bits. */
  readonly sequenceNumber: number | undefined;
  /** 32 bits. */
  readonly timestamp: number | undefined;
}

/** The answer to PLAY. */
export interface RtspClientStart {
  readonly range: RtspRange | undefined;
  /** By track index, where `RTP-Info` has the track. */
  readonly firstPackets: ReadonlyMap<number, FirstPacket>;
}

/** Encryption (RTP/SAVP) is left out: there are no keys. */
const PLAIN_RTP = /^RTP\/AVPF?(?:\/|$)/i;

/**
 * @param requestUrl of the DESCRIBE
 * @param headers of its answer
 * @throws ProtocolError `ERR_RTSP_URL` for a control URL that cannot be sent
 */
export function describedTracks(
  description: SessionDescription,
  requestUrl: string,
  headers: RtspHeaders,
): DescribedTracks {
  const base = controlBaseUrl(requestUrl, headers.get('Content-Base'), headers.get('Content-Location'));
  const aggregateUrl = resolveControlUrl(base, description.control);
  // An absolute URL of the session is the base of its media too: FFmpeg and GStreamer take it so, and devices are
  // tested with them.
  const mediaBase = /^\s*rtsps?:/i.test(description.control ?? '') ? aggregateUrl : base;
  const tracks = description.media
    .map((media, index) => ({ index, media, controlUrl: resolveControlUrl(mediaBase, media.control) }))
    .filter(({ media }) => PLAIN_RTP.test(media.protocol) && media.rtpFormats.length > 0);
  return { tracks, aggregateUrl };
}

/** @param tracks those that were set up, in that order */
export function startOf(
  headers: RtspHeaders,
  tracks: readonly Pick<RtspClientTrack, 'index' | 'controlUrl'>[],
): RtspClientStart {
  const entries = parseRtpInfo(headers.get('RTP-Info') ?? '');
  const firstPackets = new Map<number, FirstPacket>();
  for (const [position, { index, controlUrl }] of tracks.entries()) {
    const byPosition = entries.length === tracks.length ? entries[position] : undefined;
    const entry = entries.find(({ url }) => isSameTrack(url, controlUrl)) ?? byPosition;
    if (entry !== undefined) firstPackets.set(index, firstPacketOf(entry));
  }
  return { range: parseRange(headers.get('Range') ?? ''), firstPackets };
}

/** Servers write the whole URL, the end of it, or another host. */
function isSameTrack(url: string, controlUrl: string): boolean {
  const path = url.replace(/^rtsps?:\/\/[^/]*/i, '').replace(/^\/+/, '');
  return url === controlUrl || (path !== '' && controlUrl.endsWith(`/${path}`));
}

function firstPacketOf({ sequenceNumber, timestamp }: RtpInfoEntry): FirstPacket {
  return { sequenceNumber, timestamp };
}
