import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** A folder imports only from folders with a lower number; docs/architecture.md has the picture. */
const LAYER: Record<string, number> = {
  bytes: 0,
  codec: 1,
  media: 2,
  'container/flv': 3,
  'container/laldump': 3,
  'container/mpegts': 3,
  'container/ps': 3,
  'protocol/amf': 4,
  'protocol/hls': 4,
  'protocol/rtmp': 4,
  'protocol/rtp': 4,
  'protocol/rtsp': 4,
  'protocol/sdp': 4,
  'session/rtmp': 5,
  'session/rtsp': 5,
  'session/gb28181': 5,
  'session/http': 5,
  'session/websocket': 5,
  'session/net': 5,
  hub: 5,
  ingest: 6,
  output: 6,
  'output/record': 6,
  server: 7,
  cli: 8,
  entry: 9,
};

/** Sideways and same-layer imports that are allowed on purpose. */
const EXCEPTIONS = new Set([
  'protocol/rtmp -> protocol/amf', // RTMP commands are AMF values
  'container/flv -> protocol/amf', // FLV script tags are AMF values; amf itself stands on bytes/ alone
  'protocol/rtsp -> protocol/rtp', // transports and RTP-Info speak of RTP
  'protocol/rtsp -> protocol/sdp', // descriptions are SDP
  'protocol/sdp -> protocol/rtp', // a media description names an RTP payload format
  'container/ps -> container/mpegts', // packets and times are those of the same standard
  'output/record -> output', // recorders consume what packagers make, and are tested with real ones
  'session/rtmp -> session/net', // every session drives a socket
  'session/http -> session/net',
  'session/websocket -> session/net',
  'session/rtsp -> session/net',
  'session/gb28181 -> session/net',
  'session/rtsp -> session/websocket', // RTSP over WebSocket
]);

const sourceRoot = dirname(fileURLToPath(import.meta.url));

function typescriptFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

function roomOf(file: string): string | undefined {
  const path = relative(sourceRoot, file).replaceAll('\\', '/');
  return Object.keys(LAYER)
    .filter((room) => path.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    resolve(dirname(file), match[1]!),
  );
}

test('every source file lives in a known layer', () => {
  const homeless = typescriptFiles(sourceRoot)
    .filter((file) => dirname(file) !== sourceRoot && !relative(sourceRoot, file).startsWith('testing'))
    .filter((file) => roomOf(file) === undefined);
  expect(homeless).toEqual([]);
});

test('a folder imports only from lower layers', () => {
  const broken: string[] = [];
  for (const file of typescriptFiles(sourceRoot)) {
    const isTest = file.endsWith('.test.ts');
    const from = roomOf(file);
    if (from === undefined) continue;
    for (const target of importsOf(file)) {
      if (isTest && relative(sourceRoot, target).startsWith('testing')) continue;
      const to = roomOf(target);
      const allowed =
        to !== undefined && (to === from || LAYER[to]! < LAYER[from]! || EXCEPTIONS.has(`${from} -> ${to}`));
      if (!allowed) broken.push(`${relative(sourceRoot, file)} imports ${relative(sourceRoot, target)}`);
    }
  }
  expect(broken).toEqual([]);
});
