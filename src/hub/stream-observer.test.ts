import { expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { CollectingSink, frameOf, roomyLimits, textVariant, videoTrack } from '../testing/hub-kit.ts';
import { FlushScheduler } from './flush-scheduler.ts';
import { StreamHub } from './stream-hub.ts';

const options = { gopCache: { maxGops: 0, maxFramesPerGop: 0, maxBytes: 0 } };

test('an observer learns of a publication before its first frame and after its last', () => {
  const hub = new StreamHub(new FlushScheduler(new FakeClock(), 0), options);
  const seen: string[] = [];
  const consumer = {
    consume: () => seen.push('bytes'),
    publicationEnded: () => seen.push('consumer told'),
  };
  hub.observe({
    publicationStarted(stream, publication) {
      expect(stream.publication).toBe(publication);
      seen.push(`started ${stream.key}`);
      stream.attachConsumer(textVariant(), consumer);
    },
    publicationEnded(stream) {
      expect(stream.publication).toBeUndefined();
      seen.push(`ended ${stream.key}`);
    },
  });
  const publication = hub.open('a').publish()!;
  publication.setTrack(videoTrack());
  publication.write(frameOf(videoTrack(), 0, { isKey: true }));
  publication.end();
  expect(seen).toEqual(['started a', 'bytes', 'consumer told', 'ended a']);
});

test('an observer that was removed is told nothing more, and viewers never noticed it', () => {
  const hub = new StreamHub(new FlushScheduler(new FakeClock(), 0), options);
  const seen: string[] = [];
  const stop = hub.observe({
    publicationStarted: () => seen.push('started'),
    publicationEnded: () => seen.push('ended'),
  });
  const stream = hub.open('a');
  stream.attach(textVariant(), new CollectingSink(), roomyLimits);
  const publication = stream.publish()!;
  stop();
  publication.end();
  expect(seen).toEqual(['started']);
});

test('nobody publishes any more when the last publisher has left and the observers know', async () => {
  const hub = new StreamHub(new FlushScheduler(new FakeClock(), 0), options);
  await hub.whenUnpublished();
  const seen: string[] = [];
  hub.observe({ publicationStarted() {}, publicationEnded: ({ key }) => seen.push(key) });
  const [first, second] = ['a', 'b'].map((key) => hub.open(key).publish()!);
  const done = hub.whenUnpublished().then(() => seen.push('done'));
  first!.end();
  await Promise.resolve();
  second!.end();
  await done;
  expect(seen).toEqual(['a', 'b', 'done']);
});
