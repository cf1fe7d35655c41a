/** Media as devices by GB/T 28181 send it, for the matrix of RTSP. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from './api-client.ts';
import { fixturePath, makeFixture } from './fixtures.ts';
import type { FixtureName } from './fixtures.ts';
import { readFlvFile } from './flv-file.ts';
import { freePort } from './free-ports.ts';
import { calledDevice, packetsOfFlv, packetsOfPs, sendInTime, tcpLine, udpLine } from './gb28181-device.ts';
import type { DeviceLine, TimedPacket } from './gb28181-device.ts';
import { probeUnits } from './probe-units.ts';
import { runProgram } from './program.ts';
import type { RtspCodecs } from './rtsp-cells.ts';
import { exactTimes, msTimes } from './rtsp-compare.ts';
import type { RtspMatrixSource } from './rtsp-matrix.ts';
import type { Scope } from './scope.ts';

/** How the packets of a device come. */
export type DeviceWay = 'udp' | 'tcp' | 'tcp-active';

/** An answer of `start_rtp_pub`. */
export interface StartedReceiver {
  readonly stream_name: string;
  readonly session_id: string;
  readonly port: number;
}

/** A receiver of the server's, and the device that it is for. */
interface OpenedDevice {
  readonly receiver: StartedReceiver;
  readonly line: DeviceLine;
  /** The device has hung up, and comes again. */
  again(): Promise<DeviceLine>;
}

/**
 * Starts a receiver and connects the device.
 * @param scope of the device
 * @param body of `start_rtp_pub`, without what the way needs
 */
export async function openDevice(
  scope: Scope,
  api: ApiClient,
  way: DeviceWay,
  body: { readonly stream_name: string } & Record<string, unknown>,
): Promise<OpenedDevice> {
  if (way === 'tcp-active') {
    const device = await calledDevice(scope);
    const first = device.next();
    const tcp = { is_tcp_flag: 2, tcp_active_addr: `127.0.0.1:${device.port}` };
    const receiver = await startReceiver(api, { ...body, ...tcp });
    return { receiver, line: await first, again: () => device.next() };
  }
  const receiver = await startReceiver(api, { ...body, is_tcp_flag: way === 'tcp' ? 1 : 0 });
  const again = (): Promise<DeviceLine> => (way === 'tcp' ? tcpLine : udpLine)(scope, receiver.port);
  return { receiver, line: await again(), again };
}

/** Fails unless the server takes the call. */
export async function startReceiver(api: ApiClient, body: object): Promise<StartedReceiver> {
  const { error_code, desp, data } = await api.post<StartedReceiver>('/api/ctrl/start_rtp_pub', body);
  if (error_code !== 0) throw new Error(`start_rtp_pub: ${error_code} ${desp}`);
  return data;
}

/** Resolves when the server has got so many bytes of a stream. */
async function untilReceived(api: ApiClient, streamName: string, bytes: number): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  for (;;) {
    const received = (await api.group(streamName))?.pub.read_bytes_sum ?? 0;
    if (received >= bytes) return;
    if (performance.now() > deadlineMs) throw new Error(`${streamName}: got ${received} of ${bytes} bytes`);
    await sleep(50);
  }
}

interface DeviceSource extends Pick<RtspMatrixSource, 'codecs' | 'times' | 'reference' | 'lacksAudio'> {
  packets(scope: Scope): Promise<readonly TimedPacket[]>;
}

/** Everybody can follow, and the test is short. */
const speed = 6;

function matrixSource(way: DeviceWay, source: DeviceSource): RtspMatrixSource {
  let apiPort = 0;
  return {
    ...source,
    async config() {
      apiPort = await freePort();
      return {
        http_api: { enable: true, addr: `127.0.0.1:${apiPort}` },
        gb28181: { listen_host: '127.0.0.1' },
      };
    },
    async publish(scope, _server, streamName, untilPlaying) {
      const api = new ApiClient(apiPort);
      const sent = await source.packets(scope);
      const { line } = await openDevice(scope, api, way, { stream_name: streamName });
      await sendInTime(line, sent, speed);
      const bytes = sent.reduce((sum, packet) => sum + packet.bytes.length, 0);
      await untilReceived(api, streamName, bytes);
      await untilPlaying();
      await api.get('/api/ctrl/stop_rtp_pub', { stream_name: streamName });
    },
  };
}

/** Our own muxer's. */
export function fromDevice(
  name: FixtureName,
  way: DeviceWay,
  codecs: RtspCodecs,
  options: Pick<RtspMatrixSource, 'lacksAudio'> = {},
): RtspMatrixSource {
  return matrixSource(way, {
    ...options,
    codecs,
    times: msTimes,
    reference: async () => readFlvFile(await makeFixture(name)),
    packets: () => Promise.resolve(packetsOfFlv(fixturePath(name))),
  });
}

/** FFmpeg's muxer, which fills packets of 2 KiB without regard to what is in them. @param form its name of the format */
export function fromFfmpegPs(
  name: FixtureName,
  form: 'vob' | 'mpeg',
  way: DeviceWay,
  codecs: RtspCodecs,
): RtspMatrixSource {
  return matrixSource(way, {
    codecs,
    times: exactTimes,
    reference: async (scope) => probeUnits(scope, await makeFixture(name)),
    async packets(scope) {
      const file = join(scope.folder(), `${name}.ps`);
      await runProgram('ffmpeg', [
        '-loglevel',
        'error',
        '-nostdin',
        '-y',
        '-i',
        fixturePath(name),
        '-c',
        'copy',
        '-f',
        form,
        file,
      ]);
      return packetsOfPs(readFileSync(file));
    },
  });
}

/** GStreamer's muxer, with a map, and a packet for each frame. */
export function fromGstreamerPs(name: FixtureName, way: DeviceWay, codecs: RtspCodecs): RtspMatrixSource {
  return matrixSource(way, {
    codecs,
    times: msTimes,
    reference: async () => readFlvFile(await makeFixture(name)),
    async packets(scope) {
      const file = join(scope.folder(), `${name}-gstreamer.ps`);
      const pipeline = [
        `mpegpsmux name=mux ! filesink location=${file}`,
        `filesrc location=${fixturePath(name)} ! flvdemux name=demux`,
        'demux.video ! queue ! h264parse ! mux.',
        'demux.audio ! queue ! aacparse ! audio/mpeg,stream-format=adts ! mux.',
      ].join(' ');
      await runProgram('gst-launch-1.0', ['-q', ...pipeline.split(' ')]);
      return packetsOfPs(readFileSync(file));
    },
  });
}
