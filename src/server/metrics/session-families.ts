import type { RtpReception } from '../sessions/rtp-reception.ts';
import type { MetricFamily, MetricSample } from './metric-family.ts';
import type { Scrape } from './scrape.ts';
import type { SessionKind } from './session-totals.ts';

/** Publishers, viewers and relays. */
export const sessionFamilies: readonly MetricFamily<Scrape>[] = [
  {
    name: 'lal_sessions',
    type: 'gauge',
    help: 'Sessions right now. HLS viewers only with `hls.sub_session_hash_key`.',
    labels: ['protocol', 'type'],
    read: perKind(({ active }) => active),
  },
  {
    name: 'lal_sessions_started_total',
    type: 'counter',
    help: 'Sessions that were let in.',
    labels: ['protocol', 'type'],
    read: perKind(({ started }) => started),
  },
  {
    name: 'lal_sessions_ended_total',
    type: 'counter',
    help: 'Sessions that are over, by the code of their end (errors.md).',
    labels: ['protocol', 'type', 'code'],
    read: ({ sessions }) =>
      sessions.flatMap((kind) =>
        [...kind.ended].map(([code, value]) => ({ labels: { ...labelsOf(kind), code }, value })),
      ),
  },
  {
    name: 'lal_received_bytes_total',
    type: 'counter',
    help: 'Bytes received from sessions since they were let in.',
    labels: ['protocol', 'type'],
    read: perKind(({ readBytes }) => readBytes),
  },
  {
    name: 'lal_sent_bytes_total',
    type: 'counter',
    help: 'Bytes sent to sessions since they were let in. For HLS without tracking see `lal_hls_sent_bytes_total`.',
    labels: ['protocol', 'type'],
    read: perKind(({ writtenBytes }) => writtenBytes),
  },
  {
    name: 'lal_rtp_packets_received_total',
    type: 'counter',
    help: 'RTP packets of inputs that came, whatever became of them.',
    labels: ['protocol', 'type'],
    read: perRtpKind('received'),
  },
  {
    name: 'lal_rtp_packets_lost_total',
    type: 'counter',
    help: 'RTP packets of inputs that were given up.',
    labels: ['protocol', 'type'],
    read: perRtpKind('lost'),
  },
  {
    name: 'lal_rtp_packets_late_total',
    type: 'counter',
    help: 'RTP packets that came when they had been given up.',
    labels: ['protocol', 'type'],
    read: perRtpKind('late'),
  },
  {
    name: 'lal_rtp_packets_duplicated_total',
    type: 'counter',
    help: 'RTP packets that came more than once.',
    labels: ['protocol', 'type'],
    read: perRtpKind('duplicated'),
  },
  {
    name: 'lal_rtp_packets_reordered_total',
    type: 'counter',
    help: 'RTP packets that came behind a later one, in time to be put in their place.',
    labels: ['protocol', 'type'],
    read: perRtpKind('reordered'),
  },
  {
    name: 'lal_rtp_packets_refused_total',
    type: 'counter',
    help: 'RTP packets that were malformed, of no known type, from another source, or empty.',
    labels: ['protocol', 'type'],
    read: perRtpKind('refused'),
  },
  {
    name: 'lal_rtp_damaged_units_total',
    type: 'counter',
    help: 'Access units that were left out because something in them, or before them, was missing.',
    labels: ['protocol', 'type'],
    read: perRtpKind('damagedUnits'),
  },
];

function perKind(valueOf: (kind: SessionKind) => number): (scrape: Scrape) => MetricSample[] {
  return ({ sessions }) => sessions.map((kind) => ({ labels: labelsOf(kind), value: valueOf(kind) }));
}

/** Only where packets have come. */
function perRtpKind(counter: keyof RtpReception): (scrape: Scrape) => MetricSample[] {
  return ({ sessions }) =>
    sessions
      .filter(({ rtp }) => Object.values(rtp).some((count) => count > 0))
      .map((kind) => ({ labels: labelsOf(kind), value: kind.rtp[counter] }));
}

function labelsOf({ protocol, baseType }: SessionKind): { protocol: string; type: string } {
  return { protocol: protocol.toLowerCase(), type: baseType.toLowerCase() };
}
