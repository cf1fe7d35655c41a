import pino from 'pino';
import { expect, test } from 'vitest';
import { FlushScheduler } from '../hub/flush-scheduler.ts';
import { StreamHub } from '../hub/stream-hub.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { scriptTrack } from '../testing/hub-kit.ts';
import { aacTrack, av1Track, g711Track, h264Track } from '../testing/ts-kit.ts';
import { codecsLeftOutOfTs, TsLeftOutLog } from './ts-left-out.ts';

function setup(isOfInterest = true): { hub: StreamHub; codecs: string[] } {
  const gopCache = { maxGops: 0, maxFramesPerGop: 0, maxBytes: 0 };
  const hub = new StreamHub(new FlushScheduler(new FakeClock(), 0), { gopCache });
  const codecs: string[] = [];
  const write = (line: string): void => void codecs.push((JSON.parse(line) as { codec: string }).codec);
  hub.observe(new TsLeftOutLog(pino({}, { write }), () => isOfInterest));
  return { hub, codecs };
}

test('each codec that a transport stream cannot carry is said once in a publication, and again in the next', () => {
  const { hub, codecs } = setup();
  const first = hub.open('a').publish()!;
  for (const track of [av1Track, g711Track, scriptTrack(), av1Track]) first.setTrack(track);
  expect(codecs).toEqual(['AV1', 'PCMA']);
  first.setTrack({ ...g711Track });
  expect(codecs).toEqual(['AV1', 'PCMA']);
  first.end();
  const second = hub.open('a').publish()!;
  second.setTrack(g711Track);
  expect(codecs).toEqual(['AV1', 'PCMA', 'PCMA']);
});

test('where nothing makes transport streams, nothing is said', () => {
  const { hub, codecs } = setup(false);
  hub.open('a').publish()!.setTrack(g711Track);
  expect(codecs).toEqual([]);
});

test('of what is carried nothing is said', () => {
  const { hub, codecs } = setup();
  const publication = hub.open('a').publish()!;
  publication.setTrack(h264Track);
  publication.setTrack(aacTrack);
  expect(codecs).toEqual([]);
});

test('codecs without a name of their own go by the name that the source gave them', () => {
  const config = {
    kind: 'video',
    codec: 'other',
    codecString: '',
    description: new Uint8Array(),
    width: 0,
    height: 0,
  } as const;
  const tracks = [{ id: 1, kind: 'video', config, sourceTag: 'flv:2' } as const, g711Track, scriptTrack()];
  expect(codecsLeftOutOfTs(tracks)).toEqual(['flv:2', 'PCMA']);
});
