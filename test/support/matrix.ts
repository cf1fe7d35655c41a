import { afterAll, describe, test } from 'vitest';
import { expectSameHeaders, expectSamePackets } from './compare.ts';
import type { CompareOptions } from './compare.ts';
import { readFlvFile } from './flv-file.ts';
import type { AccessUnit, Recording } from './flv-file.ts';
import { FlvReader } from './flv-reader.ts';
import { playWithFfmpeg, playWithGstreamer, playWithRtmpdump, playWithVlc } from './players.ts';
import type { Player } from './players.ts';
import type { Program } from './program.ts';
import { Scope } from './scope.ts';
import { startServer } from './server.ts';
import type { TestServer } from './server.ts';
import { Tap } from './tap.ts';

/** A viewer that has joined before the publisher comes. */
interface Viewer {
  /** Resolves when the stream may end without taking anything away from this viewer. */
  caughtUp(last: AccessUnit): Promise<void>;
  /** What it has received, once the server has ended the stream. */
  result(): Promise<Recording>;
}

/** One way to watch. */
export interface Cell {
  readonly name: string;
  readonly options: CompareOptions;
  /** Resolves when the server has accepted the viewer. */
  join(scope: Scope, server: TestServer, streamName: string): Promise<Viewer>;
}

function viewerOf(player: Player): Viewer {
  return {
    caughtUp: (last) => player.caughtUp(last),
    async result(): Promise<Recording> {
      await player.ended();
      return player.recording();
    },
  };
}

/** A program as a viewer over RTMP: it has joined when the server has sent the status of its play command. */
export function rtmpCell(name: string, play: (scope: Scope, url: string) => Player): Cell {
  return {
    name: `${name} over RTMP`,
    options: {},
    async join(scope, server, streamName) {
      const tap = await Tap.open(scope, server.ports.rtmp, 'NetStream.Play.Start');
      const player = play(scope, `rtmp://127.0.0.1:${tap.port}/live/${streamName}`);
      await tap.seen();
      return viewerOf(player);
    },
  };
}

/** A program as a viewer over HTTP-FLV: it has joined when the server has answered. */
function httpCell(name: string, play: (scope: Scope, url: string) => Player): Cell {
  return {
    name: `${name} over HTTP-FLV`,
    options: {},
    async join(scope, server, streamName) {
      const tap = await Tap.open(scope, server.ports.http, 'HTTP/1.1 200');
      const player = play(scope, `http://127.0.0.1:${tap.port}/live/${streamName}.flv`);
      await tap.seen();
      return viewerOf(player);
    },
  };
}

/** Our own reader, which also sees the order in which audio and video are mixed. */
function readerCell(name: string, scheme: 'http' | 'https' | 'ws' | 'wss'): Cell {
  return {
    name,
    options: { sameOrder: true },
    async join(scope, server, streamName) {
      const reader = FlvReader.open(scope, server.flvUrl(scheme, streamName));
      await reader.joined();
      return {
        caughtUp: () => Promise.resolve(),
        async result() {
          await reader.ended();
          return reader.recording;
        },
      };
    },
  };
}

/** A program as a viewer over RTMPS. */
export function rtmpsCell(name: string, play: (scope: Scope, url: string) => Player): Cell {
  return {
    name: `${name} over RTMPS`,
    // Nothing tells from outside when an encrypted play has been accepted, so it may come late.
    options: { allowMissingHead: true },
    join(scope, server, streamName) {
      return Promise.resolve(viewerOf(play(scope, server.rtmpsUrl(streamName))));
    },
  };
}

/** Viewers that take any codec, because they look no further than the tags or messages. */
export const codecBlindCells: readonly Cell[] = [
  rtmpCell('VLC', playWithVlc),
  rtmpCell('rtmpdump', playWithRtmpdump),
  rtmpCell('GStreamer', playWithGstreamer),
  httpCell('VLC', playWithVlc),
  readerCell('HTTP-FLV', 'http'),
  readerCell('HTTPS-FLV', 'https'),
  readerCell('WebSocket-FLV', 'ws'),
  readerCell('WebSocket-FLV over TLS', 'wss'),
];

/** The machine's own ffmpeg, which knows the codecs of the first FLV. */
export const ffmpegCells: readonly Cell[] = [
  rtmpsCell('ffmpeg', playWithFfmpeg),
  rtmpCell('ffmpeg', playWithFfmpeg),
  httpCell('ffmpeg', playWithFfmpeg),
];

/** What is published, and by what. */
export interface MatrixSource {
  /** The FLV file that viewers are compared with; made before the tests start. */
  readonly file: string;
  /** Publishes it once, in real time; the program ends with the file. */
  publish(scope: Scope, url: string): Program;
}

type Outcome = { received: Recording } | { failure: unknown };

/** Publishes once to all cells at the same time. A cell that fails does not stop the others. */
async function watchEverywhere(
  scope: Scope,
  source: MatrixSource,
  cells: readonly Cell[],
): Promise<Map<string, Outcome>> {
  const server = await startServer(scope);
  const streamName = 'matrix';
  const witness = FlvReader.open(scope, server.flvUrl('http', streamName));
  await witness.joined();
  const joined = await Promise.allSettled(cells.map((cell) => cell.join(scope, server, streamName)));
  const publisher = source.publish(scope, server.rtmpUrl(streamName));
  const { code } = await publisher.exited;
  if (code !== 0) throw new Error(`the publisher failed: ${publisher.describe()}`);
  // The server has read the end of the stream when the witness has it; what it has read, it sends before it stops.
  const { units } = readFlvFile(source.file);
  await witness.untilUnits(units.length, 10_000);
  const viewers = joined.flatMap((join) => (join.status === 'fulfilled' ? [join.value] : []));
  // Who does not catch up shows it in what it has received.
  await Promise.allSettled(viewers.map((viewer) => viewer.caughtUp(units.at(-1)!)));
  await server.stop();
  const outcomes = joined.map(async (join): Promise<Outcome> => {
    if (join.status === 'rejected') return { failure: join.reason };
    return join.value.result().then(
      (received) => ({ received }),
      (failure: unknown) => ({ failure }),
    );
  });
  const settled = await Promise.all(outcomes);
  return new Map(cells.map((cell, index) => [cell.name, settled[index]!]));
}

/**
 * One test for each way to watch: the source is published once, to viewers who wait for it, and each must receive every
 * access unit with its bytes and times.
 */
export function describeMatrix(title: string, source: MatrixSource, cells: readonly Cell[]): void {
  describe(title, () => {
    const scope = new Scope();
    afterAll(() => scope.close());
    let outcomes: Promise<Map<string, Outcome>> | undefined;
    for (const cell of cells) {
      test(`arrives unchanged: ${cell.name}`, async () => {
        outcomes ??= watchEverywhere(scope, source, cells);
        const outcome = (await outcomes).get(cell.name)!;
        if ('failure' in outcome) throw outcome.failure;
        const reference = readFlvFile(source.file);
        expectSamePackets(reference, outcome.received, cell.options);
        expectSameHeaders(reference, outcome.received);
      });
    }
  });
}
