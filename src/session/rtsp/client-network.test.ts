import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { endReason } from '../../media/end-reason.ts';
import type { EndReason } from '../../media/end-reason.ts';
import { CAMERA_SCRIPT, ScriptedRtspServer } from '../../testing/rtsp-script.ts';
import type { RtspScript } from '../../testing/rtsp-script.ts';
import { systemNetwork } from './client-network.ts';
import { RtspClientSession } from './client-session.ts';
import type { RtspClientSessionOptions } from './client-session.ts';
import { UdpPortPool } from '../net/udp-port-pool.ts';

const KEY = readFileSync(new URL('../../../test/fixtures/tls/localhost.key', import.meta.url), 'utf8');
const CERTIFICATE = readFileSync(
  new URL('../../../test/fixtures/tls/localhost.crt', import.meta.url),
  'utf8',
);
const RTP = Uint8Array.of(0x80, 0x60, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0x65);

/** Sockets take their time on a busy machine. */
function eventually(assertion: () => void): Promise<void> {
  return vi.waitFor(assertion, { timeout: 10_000, interval: 5 });
}

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** Listens on the loopback; gone after the test, with all its sockets. */
async function listen(server: Server): Promise<number> {
  const sockets: Socket[] = [];
  server.on('connection', (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
  });
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function serve(script: RtspScript): { scripted: ScriptedRtspServer; handle: (socket: Socket) => void } {
  const scripted = new ScriptedRtspServer(script);
  const handle = (socket: Socket): void => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const answer = scripted.receive(new Uint8Array(chunk));
      if (answer.length > 0) socket.write(answer);
    });
  };
  return { scripted, handle };
}

function start(options: RtspClientSessionOptions): {
  session: RtspClientSession;
  ends: EndReason[];
  packets: [number, Uint8Array][];
} {
  const ends: EndReason[] = [];
  const packets: [number, Uint8Array][] = [];
  const session = new RtspClientSession(options, {
    rtp: (trackIndex, packet) => packets.push([trackIndex, packet]),
    ended: (reason) => ends.push(reason),
  });
  cleanUps.push(() => session.end(endReason('kicked')));
  return { session, ends, packets };
}

describe('RTSP over TLS', () => {
  const listenTls = async (): Promise<string> => {
    const server = createTlsServer({ key: KEY, cert: CERTIFICATE }, serve(CAMERA_SCRIPT).handle);
    return `rtsps://localhost:${await listen(server)}/a`;
  };

  test('refuses a certificate that nobody vouches for', async () => {
    const { ends } = start({ url: await listenTls() });
    await eventually(() => expect(ends).toMatchObject([{ code: 'connect-failed' }]));
    expect(ends[0]!.detail).toMatch(/CERT/);
  });

  test('takes it when told not to look, or whom to trust', async () => {
    for (const tls of [{ verifyCertificate: false }, { certificateAuthorities: CERTIFICATE }]) {
      const { session } = start({ url: await listenTls(), tls });
      await eventually(() => expect(session.isStarted).toBe(true));
    }
  });
});

test('nobody listens: the reason says so', async () => {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  const { ends } = start({ url: `rtsp://127.0.0.1:${port}/a` });
  await eventually(() => expect(ends).toMatchObject([{ code: 'connect-failed', detail: 'ECONNREFUSED' }]));
});

test('UDP packets travel between real sockets, on an even port and the next', async () => {
  const camera = createSocket('udp4');
  cleanUps.push(() => camera.close());
  camera.bind(0, '127.0.0.1');
  await once(camera, 'listening');
  const { port: cameraPort } = camera.address();
  let clientPort = 0;
  const { scripted, handle } = serve({
    ...CAMERA_SCRIPT,
    SETUP: ({ headers }) => {
      clientPort = Number(/client_port=(\d+)/.exec(headers.get('Transport')!)![1]);
      return (
        `RTSP/1.0 200 OK\r\nSession: 1\r\nTransport: RTP/AVP;unicast;client_port=${clientPort}-${clientPort + 1}` +
        `;server_port=${cameraPort}-${cameraPort + 1}\r\n\r\n`
      );
    },
  });
  const port = await listen(createServer(handle));
  const punched = once(camera, 'message');
  const { session, packets } = start({
    url: `rtsp://127.0.0.1:${port}/a`,
    transports: ['udp'],
    network: systemNetwork(new UdpPortPool({ minPort: 41_000, maxPort: 41_999 })),
  });
  await eventually(() => expect(session.isStarted).toBe(true));
  const [punch] = (await punched) as [Uint8Array];
  expect(punch).toHaveLength(12);
  expect(clientPort % 2).toBe(0);
  expect(scripted.log.at(-1)).toMatch(/^PLAY/);
  await eventually(() => {
    camera.send(RTP, clientPort, '127.0.0.1');
    expect(packets[0]?.[1]).toEqual(Buffer.from(RTP));
  });
  expect(session.bytesRead).toBeGreaterThan(0);
});
