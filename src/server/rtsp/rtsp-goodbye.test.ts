import { expect, test } from 'vitest';
import { rtspOutput } from '../../output/rtsp/rtsp-output.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { frameOf, roomyLimits } from '../../testing/hub-kit.ts';
import { PacketSink, channelSlotsOf, fanoutOptions, newStream } from '../../testing/rtsp-media-kit.ts';
import { h264Track, sliceUnit } from '../../testing/ts-kit.ts';
import { rtspGoodbye } from './rtsp-goodbye.ts';

test('a goodbye is there while somebody takes the variant; nothing of it is kept for the life of the stream', () => {
  const clock = new FakeClock();
  const stream = newStream(clock);
  const variant = rtspOutput(
    { slots: channelSlotsOf([h264Track]), clock, startsAnywhere: false },
    fanoutOptions(),
  );
  const publication = stream.publish()!;
  publication.setTrack(h264Track);
  const subscription = stream.attach(variant, new PacketSink(), roomyLimits);
  publication.write({ ...frameOf(h264Track, 0, { isKey: true }), data: sliceUnit(h264Track, true) });
  clock.advance(1000);
  expect(rtspGoodbye(stream, variant).length).toBeGreaterThan(0);
  subscription.close();
  stream.tick(clock.monotonicMs());
  expect(rtspGoodbye(stream, variant)).toHaveLength(0);
});
