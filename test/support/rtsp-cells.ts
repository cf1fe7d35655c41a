/** Ways to watch a stream that came or goes by RTSP. */
import { writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import type { AccessUnit, Recording } from './flv-file.ts';
import { readFlvFile } from './flv-file.ts';
import { FlvReader } from './flv-reader.ts';
import { HlsWatcher } from './hls-watcher.ts';
import { playWithRtmpdump } from './players.ts';
import { UnitProbe, probeUnits } from './probe-units.ts';
import { recordedFiles } from './recorded-files.ts';
import { expectSamePresentation, expectSameStream, expectSettledPresentation } from './rtsp-compare.ts';
import type { RtspTimes } from './rtsp-compare.ts';
import { GstreamerRtspPlayer } from './rtsp-players.ts';
import { RtspReader } from './rtsp-reader.ts';
import type { RtspTestServer } from './rtsp-server.ts';
import type { Scope } from './scope.ts';
import { Tap } from './tap.ts';
import { TsReader } from './ts-reader.ts';

/** Codec names of a stream. */
export interface RtspCodecs {
  readonly video?: string;
  readonly audio?: string;
}

/** A viewer that waits for the stream. */
interface RtspViewer {
  /** Resolves when the stream may end without taking anything away. @param last units of each kind */
  caughtUp?(last: readonly AccessUnit[]): Promise<void>;
  /** What it has received; to be asked for when the server has stopped. */
  result(): Promise<Recording>;
}

/** One way to watch. */
export interface RtspCell {
  readonly name: string;
  /** What carries the stream from the server on. */
  readonly carrier: 'rtsp' | 'flv' | 'ts';
  /** Resolves when the server knows of the viewer. */
  join(scope: Scope, server: RtspTestServer, streamName: string, codecs: RtspCodecs): Promise<RtspViewer>;
  compare(source: Recording, received: Recording, times: RtspTimes): void;
}

/** In the clear, the answer to a first request; encrypted, anything at all. */
const firstAnswer = { clear: 'RTSP/1.0 200', encrypted: '' };

/** For a publisher. */
const longestWaitMs = 60_000;

function ffprobeCell(transport: 'tcp' | 'udp' | 'http' | 'tls'): RtspCell {
  const isEncrypted = transport === 'tls';
  return {
    name: `ffprobe over ${transport}`,
    carrier: 'rtsp',
    compare: expectSamePresentation,
    async join(scope, { ports }, streamName) {
      const port = isEncrypted ? ports.rtsps : ports.rtsp;
      const tap = await Tap.open(scope, port, isEncrypted ? firstAnswer.encrypted : firstAnswer.clear);
      const options = isEncrypted ? [] : ['-rtsp_transport', transport];
      const scheme = isEncrypted ? 'rtsps' : 'rtsp';
      const probe = new UnitProbe(scope, `${scheme}://127.0.0.1:${tap.port}/live/${streamName}`, options);
      await tap.seen();
      return { result: () => probe.recording() };
    },
  };
}

function gstreamerCell(transport: 'tcp' | 'udp' | 'http'): RtspCell {
  return {
    name: `GStreamer over ${transport}`,
    carrier: 'rtsp',
    compare: expectSettledPresentation,
    async join(scope, { server, ports }, streamName, codecs) {
      const tap = await Tap.open(scope, ports.rtsp, firstAnswer.clear);
      const scheme = transport === 'http' ? 'rtsph' : 'rtsp';
      const url = `${scheme}://127.0.0.1:${tap.port}/live/${streamName}`;
      const begun = server.program.printed(/play start session=RTSPSUB1 /, longestWaitMs);
      const player = new GstreamerRtspPlayer(scope, url, transport, codecs, begun);
      await tap.seen();
      return {
        caughtUp: (last) => player.caughtUp(last),
        async result() {
          await player.ended();
          const received = player.recording();
          const lacks = Object.keys(codecs).find(
            (kind) => !received.units.some((unit) => unit.kind === kind),
          );
          if (lacks !== undefined) throw new Error(`received no ${lacks}: ${player.program.describe()}`);
          return received;
        },
      };
    },
  };
}

function readerCell(
  name: string,
  open: (scope: Scope, server: RtspTestServer, streamName: string) => RtspReader,
): RtspCell {
  return {
    name,
    carrier: 'rtsp',
    compare: expectSamePresentation,
    join(scope, server, streamName) {
      const reader = open(scope, server, streamName);
      return Promise.resolve({
        async result() {
          await reader.ended();
          return reader.recording();
        },
      });
    },
  };
}

/** Players of RTSP, by those who wrote them. */
export const ffprobeCells: readonly RtspCell[] = (['tcp', 'udp', 'http', 'tls'] as const).map(ffprobeCell);
export const gstreamerCells: readonly RtspCell[] = (['tcp', 'udp', 'http'] as const).map(gstreamerCell);
export const ownCells: readonly RtspCell[] = [
  readerCell('a plain reader over TCP', (scope, server, name) =>
    RtspReader.overTcp(scope, server.rtspUrl(name)),
  ),
  readerCell('a plain reader over WebSocket', (scope, server, name) =>
    RtspReader.overWebSocket(scope, server.rtspUrl(name), server.wsUrl(name)),
  ),
  readerCell('our client over TCP', (scope, server, name) =>
    RtspReader.withLal(scope, server.rtspUrl(name), 'tcp'),
  ),
  readerCell('our client over UDP', (scope, server, name) =>
    RtspReader.withLal(scope, server.rtspUrl(name), 'udp'),
  ),
  readerCell('our client over TLS', (scope, server, name) =>
    RtspReader.withLal(scope, server.rtspsUrl(name), 'tcp'),
  ),
];

const inMs = (source: Recording, received: Recording, times: RtspTimes): void =>
  expectSameStream(source, received, times, true);
const inTicks = (source: Recording, received: Recording, times: RtspTimes): void =>
  expectSameStream(source, received, times, false);

const rtmpCell: RtspCell = {
  name: 'rtmpdump over RTMP',
  carrier: 'flv',
  compare: inMs,
  async join(scope, { server }, streamName) {
    const tap = await Tap.open(scope, server.ports.rtmp, 'NetStream.Play.Start');
    const player = playWithRtmpdump(scope, `rtmp://127.0.0.1:${tap.port}/live/${streamName}`);
    await tap.seen();
    return {
      async result() {
        await player.ended();
        return player.recording();
      },
    };
  },
};

const flvCell: RtspCell = {
  name: 'HTTP-FLV',
  carrier: 'flv',
  compare: inMs,
  async join(scope, { server }, streamName) {
    const reader = FlvReader.open(scope, server.flvUrl('http', streamName));
    await reader.joined();
    return {
      async result() {
        await reader.ended();
        return reader.recording;
      },
    };
  },
};

const tsCell: RtspCell = {
  name: 'HTTP-TS',
  carrier: 'ts',
  compare: inTicks,
  async join(scope, { server }, streamName) {
    const reader = TsReader.open(scope, server.tsUrl('http', streamName));
    await reader.joined();
    return {
      async result() {
        await reader.ended();
        return reader.recording();
      },
    };
  },
};

const hlsCell: RtspCell = {
  name: 'HLS',
  carrier: 'ts',
  compare: inTicks,
  join(scope, { server }, streamName) {
    const lists = new HlsWatcher(server, streamName);
    return Promise.resolve({
      async caughtUp() {
        await lists.untilEnded();
        await lists.finish();
      },
      result() {
        const file = joinPath(scope.folder(), `${streamName}-fragments.ts`);
        writeFileSync(file, lists.bytes);
        return probeUnits(scope, file);
      },
    });
  },
};

const recordingCells: readonly RtspCell[] = [
  {
    name: 'the FLV recording',
    carrier: 'flv',
    compare: inMs,
    join: (_, { server }) =>
      Promise.resolve({
        result: () => Promise.resolve(readFlvFile(recordedFiles(server.folder, 'flv')[0]!)),
      }),
  },
  {
    name: 'the TS recording',
    carrier: 'ts',
    compare: inTicks,
    join: (scope, { server }) =>
      Promise.resolve({ result: () => probeUnits(scope, recordedFiles(server.folder, 'ts')[0]!) }),
  },
];

/** What leaves the server as something else than RTSP. */
export const crossingCells: readonly RtspCell[] = [rtmpCell, flvCell, tsCell, hlsCell, ...recordingCells];
export const everyCell: readonly RtspCell[] = [
  ...ffprobeCells,
  ...gstreamerCells,
  ...ownCells,
  ...crossingCells,
];
