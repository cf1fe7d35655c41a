/** WebSocket viewers that break the rules of RFC 6455, or use them to wear the server out. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bystander } from '../support/bystander.ts';
import { LocalServer } from '../support/local-server.ts';
import { usedMemory } from '../support/memory.ts';
import { openRawViewer, RawClient } from '../support/raw-client.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

interface FrameOptions {
  readonly opcode?: number;
  readonly isFinal?: boolean;
  readonly isMasked?: boolean;
  readonly reserved?: number;
  /** What the header says; default: what the payload has. */
  readonly length?: number;
}

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** One frame as clients send them: masked, with a mask of zeros. */
function frame(payload: Buffer | string, options: FrameOptions = {}): Buffer {
  const { opcode = opcodes.text, isFinal = true, isMasked = true, reserved = 0 } = options;
  const bytes = Buffer.from(payload);
  const length = options.length ?? bytes.length;
  const extended = Buffer.alloc(length < 126 ? 0 : length < 65_536 ? 2 : 8);
  if (extended.length === 2) extended.writeUInt16BE(length);
  if (extended.length === 8) extended.writeBigUInt64BE(BigInt(length));
  const lengthCode = extended.length === 0 ? length : extended.length === 2 ? 126 : 127;
  const head = Buffer.from([
    (isFinal ? 0x80 : 0) | (reserved << 4) | opcode,
    (isMasked ? 0x80 : 0) | lengthCode,
  ]);
  return Buffer.concat([head, extended, Buffer.alloc(isMasked ? 4 : 0), bytes]);
}

function fragments(count: number, payload: string): Buffer {
  const middle = Buffer.concat(
    Array.from({ length: count }, () => frame(payload, { opcode: opcodes.continuation, isFinal: false })),
  );
  return Buffer.concat([frame(payload, { isFinal: false }), middle]);
}

/** A status code of 2 bytes in a Close frame. */
function closeStatus(client: RawClient): number | undefined {
  const at = client.received.lastIndexOf(0x88);
  return at < 0 || at + 4 > client.received.length ? undefined : client.received.readUInt16BE(at + 2);
}

const offences: { name: string; bytes: Buffer; detail: string; status: number }[] = [
  {
    name: 'a frame without a mask',
    bytes: frame('hello', { isMasked: false }),
    detail: 'WS_ERR_EXPECTED_MASK',
    status: 1002,
  },
  {
    name: 'a message over the limit',
    bytes: frame('a'.repeat(5000)),
    detail: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
    status: 1009,
  },
  {
    name: 'a message that is said to have 2^53 bytes',
    bytes: frame('', { length: 2 ** 53 }),
    detail: 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH',
    status: 1009,
  },
  {
    name: 'a message in thousands of pieces of 1 byte',
    bytes: fragments(4500, 'a'),
    detail: 'WS_ERR_TOO_MANY_BUFFERED_PARTS',
    status: 1008,
  },
  {
    name: 'a message in thousands of empty pieces',
    bytes: fragments(4500, ''),
    detail: 'WS_ERR_TOO_MANY_BUFFERED_PARTS',
    status: 1008,
  },
  {
    name: 'an unknown opcode',
    bytes: frame('', { opcode: 5 }),
    detail: 'WS_ERR_INVALID_OPCODE',
    status: 1002,
  },
  {
    name: 'compression that was not agreed on',
    bytes: frame('a', { reserved: 4 }),
    detail: 'WS_ERR_UNEXPECTED_RSV_1',
    status: 1002,
  },
  {
    name: 'text that is not UTF-8',
    bytes: frame(Buffer.from([0xff, 0xfe])),
    detail: 'WS_ERR_INVALID_UTF8',
    status: 1007,
  },
  {
    name: 'a ping in pieces',
    bytes: frame('a', { opcode: opcodes.ping, isFinal: false }),
    detail: 'WS_ERR_EXPECTED_FIN',
    status: 1002,
  },
  {
    name: 'a continuation of nothing',
    bytes: frame('a', { opcode: opcodes.continuation }),
    detail: 'WS_ERR_INVALID_OPCODE',
    status: 1002,
  },
];

test.each(offences)('$name ends the viewer with $detail and status $status', async (offence) => {
  const local = await LocalServer.start(scope);
  const bystander = await Bystander.start(scope, local);
  const viewer = await openRawViewer(scope, 'ws', local.port('http'), 'bad');
  await viewer.send(offence.bytes);
  await local.untilEnds(1);
  expect(local.ends).toEqual([`protocol-error ${offence.detail}`]);
  // It does not answer the Close frame, and is not waited for.
  await viewer.ended();
  expect(closeStatus(viewer)).toBe(offence.status);
  await bystander.expectUnharmed();
  expect(local.errors).toEqual([]);
});

test('no media follows the Close frame to a viewer that broke the rules', async () => {
  const local = await LocalServer.start(scope);
  const bystander = await Bystander.start(scope, local);
  const viewer = await openRawViewer(scope, 'ws', local.port('http'), 'bystander');
  await local.untilViewers('bystander', 2);
  await viewer.send(frame('hello', { isMasked: false }));
  await local.untilEnds(1);
  await bystander.expectUnharmed();
  await viewer.ended();
  expect(viewer.received.at(0)).toBe(0x88);
  expect(viewer.receivedBytes).toBe(2 + viewer.received[1]!);
});

const handshakes: { name: string; lines: string[]; status: number }[] = [
  { name: 'without a key', lines: ['Sec-WebSocket-Version: 13'], status: 400 },
  {
    name: 'with a key that is none',
    lines: ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: abc'],
    status: 400,
  },
  {
    name: 'of version 99',
    lines: ['Sec-WebSocket-Version: 99', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='],
    status: 400,
  },
];

test.each(handshakes)('an upgrade $name is answered with $status', async ({ lines, status }) => {
  const local = await LocalServer.start(scope);
  const client = await RawClient.open(scope, local.port('http'));
  const request = [
    'GET /live/a.flv HTTP/1.1',
    'Host: x',
    'Connection: Upgrade',
    'Upgrade: websocket',
    ...lines,
  ];
  await client.send(`${request.join('\r\n')}\r\n\r\n`);
  await client.ended();
  expect(client.text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  await local.untilNoConnections();
  expect(local.server.hub.streams.size).toBe(0);
});

test('an upgrade of an unknown path or an impossible name is refused as a request is', async () => {
  const local = await LocalServer.start(scope);
  const upgrade = ['Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  for (const [path, status] of [
    ['/nothing', 404],
    ['/live/...flv', 400],
  ] as const) {
    const client = await RawClient.open(scope, local.port('http'));
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    await client.send(`${[`GET ${path} HTTP/1.1`, ...upgrade, key].join('\r\n')}\r\n\r\n`);
    await client.ended();
    expect(client.text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  }
});

test('what a viewer may say is heard and ignored', async () => {
  const local = await LocalServer.start(scope);
  const viewer = await openRawViewer(scope, 'ws', local.port('http'), 'talk');
  await viewer.send(
    Buffer.concat([frame('{"hello":1}'), frame('abc', { opcode: opcodes.binary }), fragments(10, 'x')]),
  );
  await viewer.send(
    Buffer.concat([frame('', { opcode: opcodes.continuation }), frame('ping', { opcode: opcodes.ping })]),
  );
  await viewer.until(() => viewer.received.includes(Buffer.from('\x8a\x04ping', 'latin1')), 'the pong');
  expect(local.ends).toEqual([]);
});

test('pongs to a viewer that does not read do not pile up', async () => {
  const local = await LocalServer.start(scope);
  const bystander = await Bystander.start(scope, local);
  const viewer = await openRawViewer(scope, 'ws', local.port('http'), 'flood');
  await local.untilViewers('flood', 1);
  const [subscription] = local.viewers('flood');
  viewer.socket.pause();
  const pings = Buffer.concat(
    Array.from({ length: 5000 }, () => frame('a'.repeat(100), { opcode: opcodes.ping })),
  );
  const before = await usedMemory();
  for (let round = 0; round < 40; round += 1) {
    await viewer.send(pings);
    await bystander.goOn(5);
  }
  await bystander.expectUnharmed();
  expect(subscription!.queuedBytes).toBeLessThan(300_000);
  expect((await usedMemory()) - before).toBeLessThan(8_000_000);
});

test('a viewer that says goodbye is let go at once', async () => {
  const local = await LocalServer.start(scope);
  const viewer = await openRawViewer(scope, 'ws', local.port('http'), 'bye');
  await viewer.send(frame(Buffer.from([0x03, 0xe8]), { opcode: opcodes.close }));
  await viewer.ended();
  expect(closeStatus(viewer)).toBe(1000);
  await local.untilEnds(1);
  expect(local.ends).toEqual(['peer-closed']);
});
