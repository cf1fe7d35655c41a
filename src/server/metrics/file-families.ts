import type { RecordKind } from '../../output/record/record-format.ts';
import type { RecordingStatus, RecordService } from '../record/record-service.ts';
import type { MetricFamily, MetricSample } from './metric-family.ts';
import type { Scrape } from './scrape.ts';

const KINDS: readonly RecordKind[] = ['flv', 'mpegts'];

/** Recordings and HLS. */
export const fileFamilies: readonly MetricFamily<Scrape>[] = [
  {
    name: 'lal_recordings',
    type: 'gauge',
    help: 'Recordings right now.',
    labels: ['kind'],
    read: perRecording(() => 1),
  },
  {
    name: 'lal_recordings_failing',
    type: 'gauge',
    help: 'Those of them that stand still because of the disk.',
    labels: ['kind'],
    read: perRecording(({ error }) => (error === undefined ? 0 : 1)),
  },
  {
    name: 'lal_record_queue_bytes',
    type: 'gauge',
    help: 'Bytes that wait for the disk.',
    labels: ['kind'],
    read: perRecording(({ queuedBytes }) => queuedBytes),
  },
  {
    name: 'lal_record_bytes_total',
    type: 'counter',
    help: 'Bytes handed to recordings.',
    labels: ['kind'],
    read: perRecordKind((records, kind) => records.countersOf(kind).bytes),
  },
  {
    name: 'lal_record_files_total',
    type: 'counter',
    help: 'Recorded files that were closed.',
    labels: ['kind'],
    read: perRecordKind((records, kind) => records.countersOf(kind).files),
  },
  {
    name: 'lal_record_failures_total',
    type: 'counter',
    help: 'Times that a recording stood still because of the disk.',
    labels: ['kind'],
    read: perRecordKind((records, kind) => records.countersOf(kind).failures),
  },
  {
    name: 'lal_hls_outputs',
    type: 'gauge',
    help: 'Publications that HLS is made of.',
    read: ({ hls }) => hls?.output.running.length ?? 0,
  },
  {
    name: 'lal_hls_fragments_total',
    type: 'counter',
    help: 'HLS fragments written.',
    read: ({ hls }) => hls?.output.counters.fragments ?? 0,
  },
  {
    name: 'lal_hls_fragments_lost_total',
    type: 'counter',
    help: 'HLS fragments that could not be written.',
    read: ({ hls }) => hls?.output.counters.lostFragments ?? 0,
  },
  {
    name: 'lal_hls_failures_total',
    type: 'counter',
    help: 'Times that file work of HLS failed.',
    read: ({ hls }) => hls?.output.counters.failures ?? 0,
  },
  {
    name: 'lal_hls_queue_bytes',
    type: 'gauge',
    help: 'Fragments that wait for the disk.',
    read: ({ hls }) => hls?.output.queuedBytes ?? 0,
  },
  {
    name: 'lal_hls_cache_bytes',
    type: 'gauge',
    help: 'Fragments of the disk kept in memory because they are watched.',
    read: ({ hls }) => hls?.memory.cachedBytes ?? 0,
  },
  {
    name: 'lal_hls_memory_bytes',
    type: 'gauge',
    help: 'HLS files, where `hls.use_memory_as_disk_flag` keeps them in memory.',
    read: ({ hls }) => hls?.memory.storedBytes ?? 0,
  },
  {
    name: 'lal_hls_sent_bytes_total',
    type: 'counter',
    help: 'Bytes of HLS lists and fragments that were sent, to whomever.',
    read: ({ hls }) => hls?.service.sentBytes ?? 0,
  },
];

/** A sum over what is being recorded, for each kind. */
function perRecording(valueOf: (status: RecordingStatus) => number): (scrape: Scrape) => MetricSample[] {
  return perRecordKind((records, kind) =>
    records.recordings
      .filter((status) => status.kind === kind)
      .reduce((sum, status) => sum + valueOf(status), 0),
  );
}

function perRecordKind(
  valueOf: (records: RecordService, kind: RecordKind) => number,
): (scrape: Scrape) => MetricSample[] {
  return ({ records }) => KINDS.map((kind) => ({ labels: { kind }, value: valueOf(records, kind) }));
}
