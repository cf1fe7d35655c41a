import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { endReason } from '../../media/end-reason.ts';
import { settle } from '../../testing/duplex-pair.ts';
import { RTSP_SDP, RTSP_URL } from '../../testing/rtsp-server-kit.ts';
import { RtspServiceBench, urlOf, type BenchClient } from '../../testing/rtsp-service-bench.ts';

/** What a client may say, of a stream that somebody else publishes and of one that nobody does. */
const steps: Readonly<Record<string, (client: BenchClient) => void>> = {
  options: (client) => client.send('OPTIONS', '*'),
  describe: (client) => client.send('DESCRIBE'),
  describeNothing: (client) => client.send('DESCRIBE', urlOf('..')),
  announce: (client) => client.send('ANNOUNCE', urlOf('mine'), {}, RTSP_SDP),
  announceTaken: (client) => client.send('ANNOUNCE', RTSP_URL, {}, RTSP_SDP),
  setup: (client) => client.setup(0),
  setupMine: (client) =>
    client.send('SETUP', `${urlOf('mine')}/streamid=1`, { Transport: 'RTP/AVP/TCP;unicast' }),
  play: (client) => client.send('PLAY'),
  pause: (client) => client.send('PAUSE', '*'),
  record: (client) => client.send('RECORD', urlOf('mine')),
  packet: (client) => client.packet(0, Uint8Array.of(0x80, 0x60, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0x65)),
  keepAlive: (client) => client.send('GET_PARAMETER'),
  teardown: (client) => client.send('TEARDOWN', '*'),
};

/** Those after which a session is over. */
const endCodes = /^(?:peer-stopped|name-refused|stream-in-use|server-shutdown)$/;

test('in whatever order a client says what it may say, each request has one reply, and the stream of others goes on', async () => {
  const order = fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(order, fc.boolean(), async (names, isPipelined) => {
      const bench = new RtspServiceBench({ gop_num: 1 });
      const publication = bench.publish();
      await bench.picture(publication);
      const client = bench.connect();
      for (const name of names) {
        steps[name]!(client);
        if (!isPipelined) await settle();
      }
      await settle();
      await bench.picture(publication, false);
      const requests = names.filter((name) => name !== 'packet').length;
      const sequence = client.replies.map(({ headers }) => Number(headers.get('CSeq')));
      expect(sequence).toEqual(sequence.map((_, index) => index + 1));
      if (!client.isClosed) expect(sequence).toHaveLength(requests);
      for (const status of client.statuses) expect([200, 400, 403, 404, 455, 459]).toContain(status);
      bench.service.closeSessions(endReason('server-shutdown'));
      await settle();
      expect(bench.ends).toHaveLength(1);
      expect(bench.ends[0]).toMatch(endCodes);
      expect([...bench.registry.all()]).toEqual([]);
      expect(publication.isEnded).toBe(false);
      publication.end();
      bench.hub.tick(bench.clock.monotonicMs());
      expect(bench.hub.streams.size).toBe(0);
    }),
    { numRuns: 300 },
  );
});
