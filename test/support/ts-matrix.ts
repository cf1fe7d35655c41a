import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { expectSamePackets, oneTick } from './compare.ts';
import type { CompareOptions } from './compare.ts';
import { readFlvFile } from './flv-file.ts';
import type { AccessUnit, Recording } from './flv-file.ts';
import { FlvReader } from './flv-reader.ts';
import { HlsWatcher } from './hls-watcher.ts';
import { UnitProbe, probeUnits } from './probe-units.ts';
import { recordedFiles } from './recorded-files.ts';
import { Scope } from './scope.ts';
import { startServer } from './server.ts';
import type { TestServer } from './server.ts';
import { Tap } from './tap.ts';
import { tsOutputs } from './ts-outputs.ts';
import { scanTs } from './ts-packets.ts';
import { TsReader } from './ts-reader.ts';
import { readWithTshark } from './tshark.ts';

/** What is published, and by what. */
export interface TsMatrixSource {
  /** The FLV file that viewers are compared with; made before the tests start. */
  readonly file: string;
  /** Publishes it once, in real time; resolves when all of it is sent. */
  publish(scope: Scope, server: TestServer, streamName: string): Promise<void>;
  /** A transport stream can't carry the audio: only the video goes on. */
  readonly lacksAudio?: boolean;
  /** The enhanced form of FLV, which the machine's ffprobe does not know: the FLV recording is read by our own reader. */
  readonly isEnhanced?: boolean;
  /** How many fragments of two seconds it makes; 3 where nothing is said. */
  readonly fragments?: number;
}

const streamName = 'matrix';
const viewers = { 'HTTP-TS': 'http', 'HTTPS-TS': 'https', 'WS-TS': 'ws', 'WSS-TS': 'wss' } as const;
const recordings = [
  'HTTP-TS',
  'HTTPS-TS',
  'WS-TS',
  'WSS-TS',
  'ffprobe over HTTP-TS',
  'the live list of HLS',
  'the record list of HLS',
  'the FLV recording',
  'the TS recording',
] as const;
const streams = ['HTTP-TS', 'the fragments of HLS', 'the TS recording'] as const;

/** What one publication has left everywhere, once all of it is over. */
interface Published {
  readonly recordings: Record<(typeof recordings)[number], Recording | Error>;
  readonly streams: Record<(typeof streams)[number], Buffer>;
  readonly lists: HlsWatcher;
  /** Everything the server has said. */
  readonly log: string;
}

/** In the first packet of a list ffprobe guesses the times of frames behind the first, of its own lists too. */
const oneTickInLists: CompareOptions = { ...oneTick, guessedAudioTimes: 8 };
/** ISO/IEC 13818-1, 2.7.2: a clock reference every 100 ms. ETSI TR 101 290, 5.2.1: tables every 500 ms. */
const maxClockIntervalMs = 100;
const maxTableIntervalMs = 500;
const packetLength = 188;

/** Publishes once to all outputs at the same time. An output that fails does not stop the others. */
async function publishEverywhere(scope: Scope, source: TsMatrixSource): Promise<Published> {
  const server = await startServer(scope, tsOutputs());
  const witness = FlvReader.open(scope, server.flvUrl('http', streamName));
  const readers = Object.values(viewers).map((scheme) =>
    TsReader.open(scope, server.tsUrl(scheme, streamName)),
  );
  const tap = await Tap.open(scope, server.ports.http, 'HTTP/1.1 200');
  const player = new UnitProbe(scope, `http://127.0.0.1:${tap.port}/live/${streamName}.ts`);
  for (const reader of [witness, ...readers]) await reader.joined();
  await tap.seen();
  const lists = new HlsWatcher(server, streamName);
  const liveList = settle(probeLiveList(scope, server, lists));
  await source.publish(scope, server, streamName);
  // The server has read the end of the stream when the witness has it; what it has read, it sends before it stops.
  await witness.untilUnits(readFlvFile(source.file).units.length, 10_000);
  witness.close();
  await liveList;
  const recordList = settle(probeUnits(scope, server.hlsUrl('http', `${streamName}/record.m3u8`)));
  await recordList;
  await lists.finish();
  await server.stop();
  for (const reader of readers) await reader.ended();
  const [flv, ts] = (['flv', 'ts'] as const).map((kind) => recordedFiles(server.folder, kind)[0]!);
  const received = [...readers.map((reader) => settle(reader.recording())), settle(player.recording())];
  const fromFlv = source.isEnhanced === true ? readFlvFile(flv!) : settle(probeUnits(scope, flv!));
  received.push(liveList, recordList, Promise.resolve(fromFlv), settle(probeUnits(scope, ts!)));
  const outcomes = await Promise.all(received);
  return {
    recordings: Object.fromEntries(
      recordings.map((name, index) => [name, outcomes[index]!]),
    ) as Published['recordings'],
    streams: {
      'HTTP-TS': readers[0]!.bytes,
      'the fragments of HLS': lists.bytes,
      'the TS recording': readFileSync(ts!),
    },
    lists,
    log: server.program.output,
  };
}

/** Like a player that comes when the list does, and stays until it says that it has ended. */
async function probeLiveList(scope: Scope, server: TestServer, lists: HlsWatcher): Promise<Recording> {
  await lists.untilListed(1);
  return probeUnits(scope, server.hlsUrl('http', `${streamName}.m3u8`), ['-live_start_index', '0']);
}

function settle<T>(promise: Promise<T>): Promise<T | Error> {
  return promise.catch((error: unknown) => error as Error);
}

/**
 * One test for each way out of the server: the source is published once, and each must have every access unit with its
 * bytes and times, and all that a receiver of a transport stream needs.
 */
export function describeTsMatrix(title: string, source: TsMatrixSource): void {
  describe(title, () => {
    const scope = new Scope();
    afterAll(() => scope.close());
    let published: Promise<Published> | undefined;
    const publishOnce = (): Promise<Published> => (published ??= publishEverywhere(scope, source));

    test.each(recordings)('every access unit at its time: %s', async (name) => {
      const outcome = (await publishOnce()).recordings[name];
      if (outcome instanceof Error) throw outcome;
      const all = readFlvFile(source.file);
      const isCarried = ({ kind }: AccessUnit): boolean => kind === 'video' || source.lacksAudio !== true;
      const units = name === 'the FLV recording' ? all.units : all.units.filter(isCarried);
      expectSamePackets({ ...all, units }, outcome, name.includes('list of HLS') ? oneTickInLists : oneTick);
    });

    test.each(streams)('no gap, tables and clock often enough: %s', async (name) => {
      const scan = scanTs((await publishOnce()).streams[name]);
      expect(scan.problems).toEqual([]);
      const pictures = readFlvFile(source.file).units.filter(({ kind }) => kind === 'video');
      expect(scan.pictures).toBe(pictures.length);
      expect(scan.keyPictures).toBe(pictures.filter(({ isKey }) => isKey).length);
      expect(scan.keyPicturesWithoutTables).toBe(0);
      expect(scan.maxClockIntervalMs).toBeLessThanOrEqual(maxClockIntervalMs);
      expect(scan.maxTableIntervalMs).toBeLessThanOrEqual(maxTableIntervalMs);
    });

    test.each(streams)(
      'tshark misses no packet, and sees tables and clock often enough: %s',
      async (name) => {
        const bytes = (await publishOnce()).streams[name];
        const seen = await readWithTshark(scope, bytes);
        expect(seen).toMatchObject({ packets: bytes.length / packetLength, drops: 0 });
        expect(seen.maxClockIntervalMs).toBeLessThanOrEqual(maxClockIntervalMs);
        // The tables before a clock reference are counted with the one before it.
        expect(seen.maxTableIntervalMs).toBeLessThanOrEqual(maxTableIntervalMs + maxClockIntervalMs);
      },
    );

    test('the lists of HLS keep to RFC 8216 at every moment, and both have all fragments', async () => {
      const { lists } = await publishOnce();
      expect(lists.liveEntries).toBe(source.fragments ?? 3);
      expect(lists.recordEntries).toBe(source.fragments ?? 3);
    });

    test('the log tells once what a transport stream cannot carry', async () => {
      const lines = (await publishOnce()).log.match(/transport stream cannot carry/g) ?? [];
      expect(lines).toHaveLength(source.lacksAudio === true ? 1 : 0);
    });
  });
}
