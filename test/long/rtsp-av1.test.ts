import { expect } from 'vitest';
import { expectSamePackets } from '../support/compare.ts';
import { readFlvFile } from '../support/flv-file.ts';
import type { AccessUnit, Recording } from '../support/flv-file.ts';
import { enhancedFixturePath, playWithFfmpeg8, publishWithFfmpeg8 } from '../support/peers.ts';
import { crossingCells } from '../support/rtsp-cells.ts';
import type { RtspCell } from '../support/rtsp-cells.ts';
import { msTimes, withSourceKeys } from '../support/rtsp-compare.ts';
import { describeRtspMatrix } from '../support/rtsp-matrix.ts';
import { Tap } from '../support/tap.ts';

const file = enhancedFixturePath('av1-aac');
/** Rounding in FLV, of what comes and of what FFmpeg 8 writes. */
const rounding = { constantOffsetWithinMs: 1, audioWithinMs: 2 };

/** Of the first packet FFmpeg 8 knows no time when it writes FLV, and makes one up: then what follows is compared. */
const groupLength = 25;

function pictures({ units }: Recording): AccessUnit[] {
  return units.filter(({ kind }) => kind === 'video');
}

function withoutFirstGroup(recording: Recording): Recording {
  const first = new Set(pictures(recording).slice(0, groupLength));
  return { ...recording, units: recording.units.filter((unit) => !first.has(unit)) };
}

const ffmpeg8Cell: RtspCell = {
  name: 'FFmpeg 8 over TCP',
  carrier: 'rtsp',
  compare(source, received) {
    expect(pictures(received).map(({ hash }) => hash)).toEqual(pictures(source).map(({ hash }) => hash));
    const options = { ...rounding, allowMissingHead: true };
    expectSamePackets(
      withoutFirstGroup(source),
      withSourceKeys(source, withoutFirstGroup(received)),
      options,
    );
    expect(received.units.length).toBeGreaterThan(source.units.length - mayMiss);
  },
  async join(scope, { ports }, streamName) {
    const tap = await Tap.open(scope, ports.rtsp, 'RTSP/1.0 200');
    const player = playWithFfmpeg8(scope, `rtsp://127.0.0.1:${tap.port}/live/${streamName}`);
    await tap.seen();
    return {
      async result() {
        await player.ended();
        return player.recording();
      },
    };
  },
};

/** Audio before the first picture. */
const mayMiss = 16;

describeRtspMatrix(
  'FFmpeg 8 over TCP: AV1',
  {
    codecs: { video: 'av1', audio: 'aac' },
    times: msTimes,
    keepsAudio: 32,
    reference: () => Promise.resolve(readFlvFile(file)),
    async publish(scope, server, streamName) {
      const program = publishWithFfmpeg8(scope, file, server.rtspUrl(streamName));
      const { code } = await program.exited;
      if (code !== 0) throw new Error(`the publisher failed: ${program.describe()}`);
    },
  },
  [ffmpeg8Cell, ...crossingCells.filter(({ carrier }) => carrier === 'flv')],
);
