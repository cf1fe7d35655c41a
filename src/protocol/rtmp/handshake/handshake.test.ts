import { expect, test } from 'vitest';
import { ChunkQueue } from '../../../bytes/chunk-queue.ts';
import { fixture } from '../../../testing/fixture.ts';
import { splitEveryWay } from '../../../testing/split-every-way.ts';
import { answerDigest, answerSignature, findDigest, handshakeFiller, signBlock } from './handshake-digest.ts';
import { ClientHandshake, ServerHandshake } from './handshake.ts';
import type { Handshake } from './handshake.ts';

const BLOCK = 1536;

/** The digest in the S1 that the recorded clients were sent, and that their C2 answers. */
const SEEN_SERVER_DIGEST = Uint8Array.from(
  Buffer.from('62c750baaca2dd7b994894cbf7a3bb097d30590b376a29f23346a78e7c085f90', 'hex'),
);

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

/** A simple C0 C1 C2, its blocks filled with numbers that are easy to find again. */
function simpleClientBytes(version = 3): Uint8Array {
  const c1 = Uint8Array.from({ length: BLOCK }, (_, index) => (index < 8 ? 0 : index % 253));
  return joined([Uint8Array.of(version), c1, new Uint8Array(BLOCK).fill(0x77)]);
}

/** Feeds `pieces`; the output, and what the handshake left of its input. */
function run(handshake: Handshake, pieces: readonly Uint8Array[]): { output: Uint8Array; left: Uint8Array } {
  const input = new ChunkQueue();
  const output: Uint8Array[] = [];
  for (const piece of pieces) {
    input.push(piece);
    const bytes = handshake.advance(input);
    if (bytes !== undefined) output.push(bytes);
  }
  return { output: joined(output), left: input.take(input.length) ?? new Uint8Array() };
}

test('a simple handshake is answered with a plain S1 and a copy of C1, however it is cut', () => {
  const bytes = joined([simpleClientBytes(), Uint8Array.of(1, 2, 3)]);
  for (const pieces of splitEveryWay(bytes)) {
    const handshake = new ServerHandshake();
    const { output, left } = run(handshake, pieces);
    expect(handshake.isDone).toBe(true);
    expect(Buffer.compare(left, Uint8Array.of(1, 2, 3))).toBe(0);
    expect(output.length).toBe(1 + 2 * BLOCK);
    expect(output[0]).toBe(3);
    expect(output.subarray(1, 9).every((byte) => byte === 0)).toBe(true);
    expect(Buffer.compare(output.subarray(1 + BLOCK), bytes.subarray(1, 1 + BLOCK))).toBe(0);
  }
});

test('the answer is complete before C2 has come', () => {
  const handshake = new ServerHandshake();
  const { output } = run(handshake, [simpleClientBytes().subarray(0, 1 + BLOCK)]);
  expect(output.length).toBe(1 + 2 * BLOCK);
  expect(handshake.isDone).toBe(false);
});

test('another version and a C2 that echoes nothing are tolerated', () => {
  const handshake = new ServerHandshake();
  const { output } = run(handshake, [simpleClientBytes(6)]);
  expect(handshake.isDone).toBe(true);
  expect(output[0]).toBe(3);
});

test.each(['ffmpeg-complex-handshake-play.bin', 'rtmpdump-complex-handshake-play.bin'])(
  'the digest of a real client is found and answered, and it accepts ours (%s)',
  (name) => {
    const bytes = fixture(`rtmp/${name}`).subarray(0, 1 + 2 * BLOCK);
    const digest = findDigest(bytes.subarray(1, 1 + BLOCK), 'client');
    expect(digest).toBeDefined();
    const { output } = run(new ServerHandshake(), [bytes]);
    expect(output.subarray(5, 9)).toEqual(Uint8Array.of(0x0d, 0x0e, 0x0a, 0x0d));
    expect(findDigest(output.subarray(1, 1 + BLOCK), 'server')).toBeDefined();
    expect(output.subarray(1 + BLOCK)).toEqual(answerDigest(digest!, 'server'));
    const c2 = bytes.subarray(1 + BLOCK);
    expect(c2.slice(-32)).toEqual(answerSignature(c2, SEEN_SERVER_DIGEST, 'client'));
  },
);

test.each([8, 772])(
  'a digest whose offset is at byte %i is found, and only with the key it was made with',
  (field) => {
    const block = handshakeFiller();
    signBlock(block, 'client', field);
    expect(findDigest(block, 'client')).toBeDefined();
    expect(findDigest(block, 'server')).toBeUndefined();
    block[1500]! ^= 1;
    expect(findDigest(block, 'client')).toBeUndefined();
  },
);

test('a C1 with a version but no valid digest is answered as a simple one', () => {
  const bytes = simpleClientBytes();
  bytes.set([9, 0, 124, 2], 5);
  const { output } = run(new ServerHandshake(), [bytes]);
  expect(output.subarray(1 + BLOCK)).toEqual(bytes.subarray(1, 1 + BLOCK));
});

test.each(['simple', 'complex'] as const)('client and server understand each other (%s)', (form) => {
  const client = new ClientHandshake(form);
  const server = new ServerHandshake();
  const nothing = new ChunkQueue();
  const c0c1 = client.advance(nothing)!;
  expect(c0c1.length).toBe(1 + BLOCK);
  expect(findDigest(c0c1.subarray(1), 'client') !== undefined).toBe(form === 'complex');
  const toServer = new ChunkQueue();
  toServer.push(c0c1);
  const s0s1s2 = server.advance(toServer)!;

  // C2 must not wait for S2: some servers send it only afterwards.
  const toClient = new ChunkQueue();
  toClient.push(s0s1s2.slice(0, 1 + BLOCK));
  const c2 = client.advance(toClient)!;
  expect(c2.length).toBe(BLOCK);
  expect(client.isDone).toBe(false);
  toClient.push(s0s1s2.slice(1 + BLOCK));
  expect(client.advance(toClient)).toBeUndefined();
  expect(client.isDone).toBe(true);

  const s1 = s0s1s2.subarray(1, 1 + BLOCK);
  const expected = form === 'simple' ? s1 : answerDigest(findDigest(s1, 'server')!, 'client');
  expect(c2).toEqual(Uint8Array.from(expected));
  toServer.push(c2);
  server.advance(toServer);
  expect(server.isDone).toBe(true);
});

test('a complex client echoes the S1 of a server that knows only the simple form', () => {
  const client = new ClientHandshake('complex');
  const input = new ChunkQueue();
  client.advance(input);
  const s1 = Uint8Array.from({ length: BLOCK }, (_, index) => (index < 8 ? 0 : index % 251));
  input.push(joined([Uint8Array.of(3), s1]));
  expect(client.advance(input)).toEqual(s1);
});
