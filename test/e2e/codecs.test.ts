import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectSameHeaders, expectSamePackets } from '../support/compare.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import type { FlvTag, Recording } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { playWithGstreamer, playWithRtmpdump } from '../support/players.ts';
import type { Player } from '../support/players.ts';
import { projectRoot } from '../support/project.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { asLegacyHevc } from '../support/tags.ts';
import { Tap } from '../support/tap.ts';

const fixtures = join(projectRoot, 'test', 'fixtures', 'flv');
const flvFiles = readdirSync(fixtures).filter((name) => name.endsWith('.flv'));

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

async function watch(server: TestServer, path: string, scheme: 'http' | 'wss' = 'http'): Promise<FlvReader> {
  const port = scheme === 'http' ? server.ports.http : server.ports.https;
  const reader = FlvReader.open(scope, `${scheme}://127.0.0.1:${port}/live/${path}`);
  await reader.joined();
  return reader;
}

async function playOverRtmp(
  server: TestServer,
  name: string,
  play: (scope: Scope, url: string) => Player,
): Promise<Player> {
  const tap = await Tap.open(scope, server.ports.rtmp, 'NetStream.Play.Start');
  const player = play(scope, `rtmp://127.0.0.1:${tap.port}/live/${name}`);
  await tap.seen();
  return player;
}

/** Publishes tags to viewers who wait, stops the server, and returns what each has received. */
async function publishTo(
  server: TestServer,
  tags: readonly FlvTag[],
  readers: readonly FlvReader[],
  players: readonly Player[],
): Promise<Recording[]> {
  const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, 'codec');
  await publisher.send(tags);
  const { units } = recordingOf(tags);
  for (const reader of readers) await reader.untilUnits(units.length, 10_000);
  for (const player of players) await player.caughtUp(units.at(-1)!);
  await publisher.close();
  await server.stop();
  for (const reader of readers) await reader.ended();
  for (const player of players) await player.ended();
  return [...readers, ...players].map((viewer) =>
    viewer instanceof FlvReader ? viewer.recording : viewer.recording(),
  );
}

/**
 * Whether a tag carries a picture or a sound. Not so headers and the marks of a sequence's end and, in the second
 * version of enhanced RTMP, channel layouts and further tracks.
 */
function isMedia({ type, body }: FlvTag): boolean {
  if (type === 18 || body.length < 2) return false;
  const [first = 0, second = 0] = body;
  if (type === 8 && first >> 4 === 9) return (first & 15) === 1 && body.length > 5;
  if (type === 8) return first >> 4 !== 10 || second === 1;
  if ((first & 0x80) !== 0) return [1, 3, 4].includes(first & 15);
  return ![7, 12].includes(first & 15) || second === 1;
}

/** Times and bodies of sound and picture, as they are but for AV1's temporal delimiters (12 00), which are no payload. */
function mediaTags(tags: readonly FlvTag[]): string[] {
  return tags
    .filter(isMedia)
    .map(({ type, timestampMs, body }) => `${type} ${timestampMs} ${body.toString('hex')}`)
    .map((text) => text.replace(/^(9 \d+ .161763031)1200/, '$1'));
}

/** The first header of each kind; later ones may follow from what the codec's own bytes say. */
function firstHeaders(tags: readonly FlvTag[]): (string | undefined)[] {
  const { headers } = recordingOf(tags);
  return ['video', 'audio'].map((kind) =>
    headers.find((header) => header.kind === kind)?.description.toString('hex'),
  );
}

test.each(flvFiles)('every picture and sound of %s arrives byte for byte as it was sent', async (name) => {
  const server = await startServer(scope);
  const tags = readFlvTags(join(fixtures, name));
  const readers = [await watch(server, 'codec.flv'), await watch(server, 'codec.flv', 'wss')];
  const rtmpdump = await playOverRtmp(server, 'codec', playWithRtmpdump);
  await publishTo(server, tags, readers, [rtmpdump]);
  const received = [...readers.map((reader) => reader.tags), readFlvTags(rtmpdump.file)];
  for (const found of received) {
    expect(firstHeaders(found)).toEqual(firstHeaders(tags));
    expect(mediaTags(found)).toEqual(mediaTags(tags));
  }
});

describe('H.265 under its two names', () => {
  const enhanced = readFlvTags(join(fixtures, 'hevc-opus.flv')).filter(({ type }) => type !== 8);
  const legacy = asLegacyHevc(enhanced);

  test('codec id 12 arrives as codec id 12', async () => {
    const server = await startServer(scope);
    const readers = [await watch(server, 'codec.flv'), await watch(server, 'codec.flv', 'wss')];
    const players = [
      await playOverRtmp(server, 'codec', playWithRtmpdump),
      await playOverRtmp(server, 'codec', playWithGstreamer),
    ];
    for (const received of await publishTo(server, legacy, readers, players)) {
      expectSamePackets(recordingOf(legacy), received);
      expectSameHeaders(recordingOf(legacy), received);
    }
  });

  test.each([
    { published: 'legacy', asked: 'enhanced' },
    { published: 'enhanced', asked: 'legacy' },
    { published: 'enhanced', asked: 'enhanced' },
  ] as const)(
    'published in the $published form, a viewer may ask for the $asked one in the URL',
    async (row) => {
      const server = await startServer(scope);
      const forms = { enhanced, legacy };
      const plain = await watch(server, 'codec.flv');
      const asking = await watch(server, `codec.flv?hevc=${row.asked}`, 'wss');
      const rtmpdump = await playOverRtmp(server, `codec?hevc=${row.asked}`, playWithRtmpdump);
      const recordings = await publishTo(server, forms[row.published], [plain, asking], [rtmpdump]);
      const wanted = [row.published, row.asked, row.asked] as const;
      for (const [index, received] of recordings.entries()) {
        const source = recordingOf(forms[wanted[index]!]);
        expectSamePackets(source, received);
        expectSameHeaders(source, received);
      }
    },
  );

  test('the config can choose the form for viewers who do not ask', async () => {
    const server = await startServer(scope, { rtmp: { hevc_form: 'enhanced' } });
    const plain = await watch(server, 'codec.flv');
    const asking = await watch(server, 'codec.flv?hevc=legacy');
    const [first, second] = await publishTo(server, legacy, [plain, asking], []);
    expectSameHeaders(recordingOf(enhanced), first!);
    expectSameHeaders(recordingOf(legacy), second!);
  });
});
