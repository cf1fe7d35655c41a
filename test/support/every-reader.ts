/** One reader of each output at one stream, in the test itself, and what each of them received. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Recording } from './flv-file.ts';
import { FlvReader } from './flv-reader.ts';
import { HlsWatcher } from './hls-watcher.ts';
import { probeUnits } from './probe-units.ts';
import { RtmpPlayer } from './rtmp-player.ts';
import { RtspReader } from './rtsp-reader.ts';
import { startRtspServer } from './rtsp-server.ts';
import type { RtspTestServer } from './rtsp-server.ts';
import type { Scope } from './scope.ts';
import type { ConfigOverrides } from './server.ts';
import { TsReader } from './ts-reader.ts';

/** A server with every output on, HLS in fragments of a second, all of which stay in the list. */
export function startFullServer(scope: Scope, overrides: ConfigOverrides = {}): Promise<RtspTestServer> {
  return startRtspServer(scope, {
    httpts: { enable: true, url_pattern: '/', gop_num: 0 },
    hls: {
      enable: true,
      url_pattern: '/hls/',
      out_path: join(scope.folder(), 'hls'),
      fragment_duration_ms: 1000,
      fragment_num: 20,
      cleanup_mode: 0,
    },
    ...overrides,
  });
}

/** Viewers from before the first publisher on. */
export class EveryReader {
  readonly rtmp: RtmpPlayer;
  readonly flv: FlvReader;
  readonly ts: TsReader;
  readonly rtsp: RtspReader;
  readonly hls: HlsWatcher;
  readonly #scope: Scope;

  private constructor(scope: Scope, rtspServer: RtspTestServer, streamName: string, rtmp: RtmpPlayer) {
    const { server } = rtspServer;
    this.#scope = scope;
    this.rtmp = rtmp;
    this.flv = FlvReader.open(scope, server.flvUrl('http', streamName));
    this.ts = TsReader.open(scope, server.tsUrl('http', streamName));
    this.rtsp = RtspReader.overTcp(scope, rtspServer.rtspUrl(streamName));
    this.hls = new HlsWatcher(server, streamName);
  }

  /** RTSP begins to play when there is a publisher. */
  static async open(scope: Scope, rtspServer: RtspTestServer, streamName: string): Promise<EveryReader> {
    const rtmp = await RtmpPlayer.open(scope, rtspServer.server.ports.rtmp, streamName);
    const readers = new EveryReader(scope, rtspServer, streamName, rtmp);
    await Promise.all([readers.flv.joined(), readers.ts.joined()]);
    return readers;
  }

  /** Resolves when so many pictures have come by FLV, RTMP and RTSP, less the one by RTSP that the next one ends. */
  async untilPictures(count: number): Promise<void> {
    const pictures = ({ units }: Recording): number => units.filter(({ kind }) => kind === 'video').length;
    await this.flv.until(() => pictures(this.flv.recording) >= count, `${count} pictures`);
    await this.rtmp.until(() => pictures(this.rtmp.recording) >= count, `${count} pictures`);
    await this.rtsp.untilPictures(count - 1);
  }

  /** What came over HTTP-TS so far, as ffprobe reads it. */
  tsRecording(): Promise<Recording> {
    return this.ts.recording();
  }

  /** The fragments that were in the live list, one behind the other, as ffprobe reads them. */
  async hlsRecording(): Promise<Recording> {
    await this.hls.finish();
    return probeUnits(this.#scope, this.saveHls());
  }

  /** Writes the fragments so far into one file. */
  saveHls(): string {
    const path = join(this.#scope.folder(), 'fragments.ts');
    writeFileSync(path, this.hls.bytes);
    return path;
  }
}
