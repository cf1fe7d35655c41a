import { afterAll, describe, test } from 'vitest';
import type { AccessUnit, Recording } from './flv-file.ts';
import type { RtspCell, RtspCodecs } from './rtsp-cells.ts';
import type { RtspTimes } from './rtsp-compare.ts';
import { startRtspServer, untilPlaying } from './rtsp-server.ts';
import type { RtspTestServer } from './rtsp-server.ts';
import { RtspReader } from './rtsp-reader.ts';
import { Scope } from './scope.ts';
import type { ConfigOverrides } from './server.ts';
import { tsOutputs } from './ts-outputs.ts';

/** What is published, and by what. */
export interface RtspMatrixSource {
  readonly codecs: RtspCodecs;
  readonly times: RtspTimes;
  /** What viewers are compared with. */
  reference(scope: Scope): Promise<Recording>;
  /**
   * Publishes it once; resolves when all of it is sent.
   * @param untilPlaying to wait for before the publisher leaves, unless it takes its time as in life
   */
  publish(
    scope: Scope,
    server: RtspTestServer,
    streamName: string,
    untilPlaying: () => Promise<void>,
  ): Promise<void>;
  /** So many audio frames at the end its publisher may keep for itself. */
  readonly keepsAudio?: number;
  /** What it needs of the server; asked for before the server is started. */
  config?(): Promise<ConfigOverrides>;
  /** Where only the video goes on. */
  readonly lacksAudio?: readonly RtspCell['carrier'][];
}

type Outcome = { received: Recording } | { failure: unknown };

interface Published {
  /** What the publisher has sent of the reference. */
  readonly source: Recording;
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

const streamName = 'matrix';

/** Publishes once to all cells at the same time. A cell that fails does not stop the others. */
async function watchEverywhere(
  scope: Scope,
  source: RtspMatrixSource,
  cells: readonly RtspCell[],
): Promise<Published> {
  const reference = await source.reference(scope);
  const rtspServer = await startRtspServer(scope, { ...tsOutputs(), ...(await source.config?.()) });
  const { server } = rtspServer;
  const witness = RtspReader.overTcp(scope, rtspServer.rtspUrl(streamName));
  const joins = await Promise.allSettled(
    cells.map((cell) => cell.join(scope, rtspServer, streamName, source.codecs)),
  );
  const players = 1 + cells.filter(({ carrier }) => carrier === 'rtsp').length;
  // A player that never begins shows it in what it has received.
  const everybodyPlays = (): Promise<void> => untilPlaying(server, players).catch(() => {});
  await source.publish(scope, rtspServer, streamName, everybodyPlays);
  await server.program.printed(/publish stop/);
  await everybodyPlays();
  const sent = sentOf(reference, source, witness.recording());
  const viewers = joins.flatMap((join) => (join.status === 'fulfilled' ? [join.value] : []));
  await Promise.allSettled(viewers.map(async (viewer) => viewer.caughtUp?.(lastOfEachKind(sent))));
  await server.stop();
  const outcomes = await Promise.all(
    joins.map(async (join): Promise<Outcome> => {
      if (join.status === 'rejected') return { failure: join.reason };
      return join.value.result().then(
        (received) => ({ received }),
        (failure: unknown) => ({ failure }),
      );
    }),
  );
  return { source: sent, outcomes: new Map(cells.map(({ name }, index) => [name, outcomes[index]!])) };
}

/** The reference without the audio that the publisher has kept at the end. */
function sentOf(reference: Recording, { keepsAudio = 0 }: RtspMatrixSource, seen: Recording): Recording {
  if (keepsAudio === 0) return reference;
  const last = seen.units.findLast(({ kind }) => kind === 'audio');
  const audio = reference.units.filter(({ kind }) => kind === 'audio');
  const kept = new Set(audio.slice(audio.findLastIndex(({ hash }) => hash === last?.hash) + 1));
  if (kept.size > keepsAudio) throw new Error(`the publisher kept ${kept.size} audio frames`);
  return { ...reference, units: reference.units.filter((unit) => !kept.has(unit)) };
}

function lastOfEachKind({ units }: Recording): AccessUnit[] {
  return (['video', 'audio'] as const).flatMap((kind) => {
    const last = units.findLast((unit) => unit.kind === kind);
    return last === undefined ? [] : [last];
  });
}

/**
 * One test for each way to watch: the source is published once, and each must have every access unit with its bytes and
 * times.
 */
export function describeRtspMatrix(
  title: string,
  source: RtspMatrixSource,
  cells: readonly RtspCell[],
): void {
  describe(title, () => {
    const scope = new Scope();
    afterAll(() => scope.close());
    let published: Promise<Published> | undefined;
    test.each(cells.map((cell) => [cell.name, cell] as const))(
      'arrives unchanged: %s',
      async (name, cell) => {
        published ??= watchEverywhere(scope, source, cells);
        const { source: sent, outcomes } = await published;
        const outcome = outcomes.get(name)!;
        if ('failure' in outcome) throw outcome.failure;
        const lacksAudio = source.lacksAudio?.includes(cell.carrier) === true;
        const units = lacksAudio ? sent.units.filter(({ kind }) => kind === 'video') : sent.units;
        cell.compare({ ...sent, units }, outcome.received, source.times);
      },
    );
  });
}
