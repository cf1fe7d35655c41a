/** Receivers of GB28181: opened, fed, kicked, refused. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '../../support/project.ts';
import { rtpPacket } from '../../support/rtsp-wire.ts';
import type { Json } from '../json.ts';
import type { Stage } from '../stage.ts';
import type { Step } from '../step.ts';

const payloadBytes = 1200;

/** Packs, system headers, maps and PES packets: a packet of RTP begins with each, because lal dies of a header in two. */
const unitStart = /000001(?:b[a-d]|c0|e0)/g;

/** A program stream in RTP, 25 packs a second. */
function packets(): Buffer[] {
  const file = readFileSync(join(projectRoot, 'test', 'fixtures', 'ps', 'h264-aac-gstreamer.ps'));
  const starts = [...file.toString('hex').matchAll(unitStart)]
    .filter(({ index }) => index % 2 === 0)
    .map(({ index }) => index / 2);
  let sequence = 0;
  let packs = 0;
  return starts.flatMap((start, index) => {
    const unit = file.subarray(start, starts[index + 1]);
    if (unit[3] === 0xba) packs += 1;
    const count = Math.ceil(unit.length / payloadBytes);
    return Array.from({ length: count }, (_, part) => {
      sequence += 1;
      const payload = unit.subarray(part * payloadBytes, (part + 1) * payloadBytes);
      const marker = part === count - 1 && file[(starts[index + 1] ?? start) + 3] === 0xba;
      return rtpPacket(sequence, payload, { marker, timestamp: packs * 3600 });
    });
  });
}

async function feed(port: number, isTcp: boolean): Promise<void> {
  const all = packets();
  if (isTcp) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    for (const packet of all) {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(packet.length);
      socket.write(Buffer.concat([length, packet]));
    }
    await sleep(500);
    socket.destroy();
    return;
  }
  const socket = createSocket('udp4');
  for (const packet of all) {
    socket.send(packet, port, '127.0.0.1');
    await sleep(1);
  }
  await sleep(200);
  socket.close();
}

/** A receiver at a port of the server's choice. */
async function started(stage: Stage, parameters: Json): Promise<{ id: string; port: number }> {
  const answer = await stage.post('start', 'start_rtp_pub', parameters);
  const { session_id: id, port } = (answer as { data: { session_id: string; port: number } }).data;
  stage.namePort(port, 'receiver');
  return { id, port };
}

function openAndKick(isTcp: boolean): Step {
  return {
    name: `start_rtp_pub over ${isTcp ? 'TCP' : 'UDP'}`,
    settings: ['plain'],
    async run(stage) {
      const streamName = isTcp ? 'gb-tcp' : 'gb-udp';
      const { id, port } = await started(stage, {
        stream_name: streamName,
        port: 0,
        is_tcp_flag: isTcp ? 1 : 0,
        timeout_ms: 20_000,
      });
      await stage.group(streamName, 'group before the first packet');
      await feed(port, isTcp);
      await stage.untilRunning(streamName);
      await stage.group(streamName, 'group');
      await stage.noteEnd(await stage.rtmp('publish', 'publisher', streamName));
      await stage.post('kick', 'kick_session', { stream_name: streamName, session_id: id });
      await stage.untilForgotten(streamName);
      await stage.post('kick again', 'kick_session', { stream_name: streamName, session_id: id });
    },
  };
}

const ports: Step = {
  name: 'start_rtp_pub: ports',
  settings: ['plain'],
  async run(stage) {
    const { nobody: port } = stage.ports;
    const started = await stage.post('a port that is given', 'start_rtp_pub', { stream_name: 'gb-a', port });
    await stage.post('the same once more', 'start_rtp_pub', { stream_name: 'gb-b', port });
    const { session_id: id } = (started as { data: { session_id: string } }).data;
    await stage.post('kick', 'kick_session', { stream_name: 'gb-a', session_id: id });
    await stage.untilForgotten('gb-a');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    await refused(stage, 'a TCP port that is taken', { stream_name: 'gb-c', port, is_tcp_flag: 1 });
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await refused(stage, 'a port that is none', { stream_name: 'gb-d', port: 70_000 });
    await refused(stage, 'a negative port', { stream_name: 'gb-e', port: -1 });
  },
};

async function refused(stage: Stage, label: string, parameters: Json): Promise<void> {
  await stage.post(label, 'start_rtp_pub', parameters);
}

const timeout: Step = {
  name: 'start_rtp_pub: nobody sends',
  settings: ['plain'],
  async run(stage) {
    await started(stage, { stream_name: 'gb-silent', timeout_ms: 1000 });
    await stage.untilForgotten('gb-silent');
  },
};

export const rtpPubSteps: Step[] = [openAndKick(false), openAndKick(true), ports, timeout];
