import { afterEach, describe, expect, test } from 'vitest';
import { endReason } from '../../media/end-reason.ts';
import { RtspClientAuth } from '../../protocol/rtsp/auth/client-auth.ts';
import { settle } from '../../testing/duplex-pair.ts';
import { hex } from '../../testing/hex.ts';
import { high, PPS, SPS } from '../../testing/h264-rtp-kit.ts';
import { audioTrack, scriptTrack } from '../../testing/hub-kit.ts';
import { RTSP_SDP, RTSP_URL } from '../../testing/rtsp-server-kit.ts';
import { RtspServiceBench, urlOf, type BenchClient } from '../../testing/rtsp-service-bench.ts';

let bench: RtspServiceBench;

afterEach(async () => {
  bench.service.closeSessions(endReason('server-shutdown'));
  await settle();
  // Closed sessions leave nothing: no record, no viewer, no hold on a stream, no timer.
  bench.clock.advance(60_000);
  expect([...bench.registry.all()]).toEqual([]);
  for (const { publication } of bench.hub.streams.values()) publication?.end();
  bench.hub.tick(bench.clock.monotonicMs());
  expect(bench.hub.streams.size).toBe(0);
  expect(bench.clock.pendingTimers).toBe(0);
});

const announceHeaders = { 'Content-Type': 'application/sdp' };

async function publisher(streamName = 'test110'): Promise<BenchClient> {
  const client = bench.connect();
  await client.ask('ANNOUNCE', urlOf(streamName), announceHeaders, RTSP_SDP);
  await client.ask('SETUP', `${urlOf(streamName)}/streamid=0`, { Transport: 'RTP/AVP/TCP;interleaved=0-1' });
  await client.ask('RECORD', urlOf(streamName));
  return client;
}

async function player(): Promise<BenchClient> {
  const client = bench.connect();
  await client.getReady();
  await client.ask('PLAY');
  return client;
}

/** An RTP packet with one NAL unit in hexadecimal. */
function rtp(sequence: number, nal: string): Uint8Array {
  return Uint8Array.of(0x80, 0xe0, 0, sequence, 0, 0, sequence, 0, 0, 0, 0, 1, ...hex(nal));
}

describe('a publisher', () => {
  test('gets its stream, is listed, and gives the stream back', async () => {
    bench = new RtspServiceBench();
    const client = await publisher();
    expect(client.statuses).toEqual([200, 200, 200]);
    expect(bench.registry.publisherOf('test110')).toMatchObject({
      protocol: 'RTSP',
      appName: 'live',
      streamName: 'test110',
      url: RTSP_URL,
    });
    for (const [index, nal] of [SPS, PPS, '6588840021'].entries()) client.packet(0, rtp(index, nal));
    await settle();
    expect(bench.hub.get('test110')?.publication?.frames.video).toBe(0);
    client.packet(0, rtp(3, '41e0010203'));
    await settle();
    expect(await client.ask('TEARDOWN')).toBe(200);
    expect(bench.turns).toEqual(['publish start RTSPPUB1', 'publish stop RTSPPUB1']);
    expect(bench.ends).toEqual(['peer-stopped']);
    expect(bench.hub.get('test110')?.publication).toBeUndefined();
  });

  test('cannot take the stream of another, whose publication goes on', async () => {
    bench = new RtspServiceBench();
    const first = await publisher();
    const second = bench.connect();
    expect(await second.ask('ANNOUNCE', RTSP_URL, announceHeaders, RTSP_SDP)).toBe(403);
    expect(second.isClosed).toBe(true);
    expect(bench.ends).toEqual(['stream-in-use']);
    expect(await first.ask('OPTIONS')).toBe(200);
    first.end.end();
    await settle();
    expect((await publisher()).statuses).toEqual([200, 200, 200]);
  });

  test.each(['rtsp://h', 'rtsp://h/', 'rtsp://h/live/..', 'rtsp://h/live/a%00b', 'rtsp://h/live/%zz', '*'])(
    'of %s is refused',
    async (uri) => {
      bench = new RtspServiceBench();
      expect(await bench.connect().ask('ANNOUNCE', uri, announceHeaders, RTSP_SDP)).toBe(400);
      expect(bench.ends).toEqual(['name-refused']);
    },
  );

  test('is told every few seconds how it is received', async () => {
    bench = new RtspServiceBench();
    const client = await publisher();
    for (let sequence = 0; sequence < 3; sequence += 1) client.packet(0, rtp(sequence, '41e0010203'));
    await settle();
    await bench.pass(6);
    expect(client.reports).toEqual([201]);
  });

  test('that is gone is gone for observers at once, also with a time of grace, and who goes on is another', async () => {
    bench = new RtspServiceBench({}, 60_000);
    const seen: string[] = [];
    bench.registry.observe({
      sessionStarted: ({ id, streamKey }) => void seen.push(`${id} ${bench.hub.get(streamKey)!.isInGrace}`),
      sessionEnded: ({ id, streamKey }, { code }) =>
        void seen.push(`${id} ${code} ${bench.hub.get(streamKey)!.isInGrace}`),
    });
    const first = await publisher();
    first.packet(0, rtp(1, '6588840021'));
    first.end.destroy();
    await settle();
    expect(seen).toEqual(['RTSPPUB1 false', 'RTSPPUB1 peer-closed true']);
    expect(bench.registry.hasInput('test110')).toBe(false);
    await publisher();
    expect(seen.slice(2)).toEqual(['RTSPPUB2 false']);
  });

  test('that falls silent is ended, and its stream is free again', async () => {
    bench = new RtspServiceBench();
    await publisher();
    await bench.pass(25);
    expect(bench.ends).toEqual(['idle-timeout']);
    expect(bench.hub.streams.size).toBe(0);
  });
});

describe('a player', () => {
  test('gets a description of what there is, the first packets, and what it is told of them is true', async () => {
    bench = new RtspServiceBench({ gop_num: 1 });
    const publication = bench.publish();
    await bench.picture(publication);
    const client = await player();
    expect(client.statuses).toEqual([200, 200, 200]);
    const sdp = Buffer.from(client.replies[0]!.body).toString();
    expect(sdp).toContain('m=video 0 RTP/AVP ');
    expect(sdp).toContain('a=control:streamid=0');
    const [, sequence] = /;seq=(\d+);rtptime=\d+$/.exec(client.replies[2]!.headers.get('RTP-Info')!)!;
    const first = client.heard
      .find((line) => line.startsWith('$0 '))!
      .slice('$0 '.length)
      .split(',');
    expect(Number(first[2]) * 256 + Number(first[3])).toBe(Number(sequence));
    // The reply comes before the packets.
    expect(client.heard.findIndex((line) => line.startsWith('$'))).toBe(3);
    expect(bench.turns).toEqual(['play start RTSPSUB1']);
    expect([...bench.registry.all()]).toMatchObject([{ baseType: 'SUB', streamKey: 'test110' }]);
    await client.ask('TEARDOWN');
    expect(bench.turns.at(-1)).toBe('play stop RTSPSUB1');
  });

  test('may come before its stream: the description is held until the tracks are known', async () => {
    bench = new RtspServiceBench();
    const client = bench.connect();
    expect(await client.ask('DESCRIBE')).toBeUndefined();
    await bench.pass(5);
    expect(bench.hub.get('test110')).toBeDefined();
    bench.publish();
    await settle();
    expect(client.statuses).toEqual([200]);
  });

  test('that waits and leaves, or waits too long, leaves no stream behind', async () => {
    bench = new RtspServiceBench();
    const [impatient, patient] = [bench.connect(), bench.connect()];
    await impatient.ask('DESCRIBE', urlOf('a'));
    await patient.ask('DESCRIBE', urlOf('b'));
    impatient.end.end();
    await settle();
    await bench.pass(1);
    expect([...bench.hub.streams.keys()]).toEqual(['b']);
    await bench.pass(25);
    expect(patient.statuses).toEqual([404]);
    expect(bench.ends).toEqual(['peer-closed', 'stream-not-found']);
    expect(bench.hub.streams.size).toBe(0);
  });

  test('of a stream that has nothing for it is told so', async () => {
    bench = new RtspServiceBench();
    const publication = bench.hub.open('test110').publish()!;
    publication.announce({ audio: false, video: false });
    publication.setTrack(scriptTrack());
    publication.write({ track: scriptTrack(), dtsUs: 0, ptsUs: 0, isKey: true, data: new Uint8Array(4) });
    await bench.pass(1);
    expect(await bench.connect().ask('DESCRIBE')).toBe(404);
  });

  test('that waits when the server stops is answered', async () => {
    bench = new RtspServiceBench();
    const client = bench.connect();
    await client.ask('DESCRIBE');
    bench.service.closeSessions(endReason('server-shutdown'));
    await settle();
    expect(client.statuses).toEqual([503]);
    expect(client.isClosed).toBe(true);
  });

  test('is told goodbye for each track when the server stops', async () => {
    bench = new RtspServiceBench({ gop_num: 1 });
    await bench.picture(bench.publish());
    const client = await player();
    const before = client.heard.length;
    bench.service.closeSessions(endReason('server-shutdown'));
    await settle();
    // A compound packet: a report, and the goodbye at its end.
    const last = client.heard.slice(before).at(-1)!;
    expect(last).toMatch(/^\$1 \d+,200,/);
    expect(last).toContain(',203,');
    expect(client.isClosed).toBe(true);
  });
});

describe('a player whose publisher has left', () => {
  test('waits some seconds for the next one, and is watched on then', async () => {
    bench = new RtspServiceBench({ gop_num: 1 });
    const first = bench.publish();
    await bench.picture(first);
    const client = await player();
    first.end();
    await bench.pass(8);
    const heard = client.heard.length;
    const second = bench.publish();
    await bench.picture(second);
    await bench.pass(8);
    expect(client.isClosed).toBe(false);
    expect(client.heard.length).toBeGreaterThan(heard);
    second.end();
  });

  test('is ended when none comes', async () => {
    bench = new RtspServiceBench({ gop_num: 1 });
    const publication = bench.publish();
    await bench.picture(publication);
    const client = await player();
    publication.end();
    await bench.pass(12);
    expect(client.isClosed).toBe(true);
    expect(bench.ends).toEqual(['source-ended']);
    expect(bench.hub.streams.size).toBe(0);
  });

  test('is ended later where the publisher has a time of grace', async () => {
    bench = new RtspServiceBench({ gop_num: 1 }, 30_000);
    const publication = bench.publish();
    await bench.picture(publication);
    await player();
    publication.end();
    await bench.pass(39);
    expect(bench.ends).toEqual([]);
    await bench.pass(3);
    expect(bench.ends).toEqual(['source-ended']);
  });

  test('is ended when the next one sends nothing that it was told of', async () => {
    bench = new RtspServiceBench({ gop_num: 1 });
    const publication = bench.publish();
    await bench.picture(publication);
    await player();
    publication.end();
    const other = bench.publish('test110', audioTrack());
    await bench.pass(12);
    expect(bench.ends).toEqual(['source-ended']);
    other.end();
  });

  test('before it plays is served by the next one', async () => {
    bench = new RtspServiceBench({ gop_num: 1 });
    const first = bench.publish();
    await bench.picture(first);
    const client = bench.connect();
    await client.getReady();
    first.end();
    await bench.pass(3);
    expect(await client.ask('PLAY')).toBe(200);
    const second = bench.publish();
    await bench.picture(second);
    expect(client.heard.some((line) => line.startsWith('$0 '))).toBe(true);
    second.end();
  });

  test('before it plays is ended when there is no next one', async () => {
    bench = new RtspServiceBench({ gop_num: 1 });
    const first = bench.publish();
    await bench.picture(first);
    const client = bench.connect();
    await client.getReady();
    first.end();
    await bench.pass(3);
    await client.ask('PLAY');
    await bench.pass(12);
    expect(bench.ends).toEqual(['source-ended']);
    expect(bench.hub.streams.size).toBe(0);
  });

  test('while it pauses may go on with the next one', async () => {
    bench = new RtspServiceBench({ gop_num: 1 });
    const first = bench.publish();
    await bench.picture(first);
    const client = await player();
    await client.ask('PAUSE');
    first.end();
    await bench.pass(20);
    const second = bench.publish('test110', { ...bench.track, config: high });
    await bench.picture(second);
    expect(await client.ask('PLAY')).toBe(200);
    const heard = client.heard.length;
    await bench.picture(second);
    expect(client.heard.length).toBeGreaterThan(heard);
    expect(bench.turns).toEqual(['play start RTSPSUB1', 'play stop RTSPSUB1', 'play start RTSPSUB1']);
    second.end();
  });
});

describe('a player is a viewer', () => {
  let turns: string[];

  function watch(): void {
    turns = [];
    bench.registry.observe({
      sessionStarted: ({ id, streamKey }) => void turns.push(`start ${id} ${streamKey}`),
      sessionEnded: ({ id }, { code }) => void turns.push(`end ${id} ${code}`),
    });
  }

  test('from DESCRIBE on, before the stream is there, until it leaves; PAUSE is no end', async () => {
    bench = new RtspServiceBench({ gop_num: 1 });
    watch();
    const client = bench.connect();
    client.send('DESCRIBE');
    await settle();
    expect(turns).toEqual(['start RTSPSUB1 test110']);
    expect(bench.registry.hasInput('test110')).toBe(false);
    expect(bench.registry.viewersOf('test110')[0]!.subscription).toBeUndefined();
    const publication = bench.publish();
    await bench.picture(publication);
    await client.ask('SETUP', `${RTSP_URL}/streamid=0`, { Transport: 'RTP/AVP/TCP;interleaved=0-1' });
    await client.ask('PLAY');
    expect(bench.registry.viewersOf('test110')[0]!.subscription).toBeDefined();
    await client.ask('PAUSE');
    expect(turns).toHaveLength(1);
    publication.end();
    await bench.pass(5);
    expect(bench.hub.streams.size).toBe(1);
    await client.ask('TEARDOWN');
    expect(turns).toEqual(['start RTSPSUB1 test110', 'end RTSPSUB1 peer-stopped']);
  });

  test('of the stream that it described last', async () => {
    bench = new RtspServiceBench();
    watch();
    const publications = [bench.publish(), bench.publish('other')];
    for (const publication of publications) await bench.picture(publication);
    const client = bench.connect();
    await client.ask('DESCRIBE');
    await client.ask('DESCRIBE');
    await client.ask('DESCRIBE', urlOf('other'));
    expect(turns).toEqual(['start RTSPSUB1 test110', 'end RTSPSUB1 peer-stopped', 'start RTSPSUB1 other']);
    for (const publication of publications) publication.end();
  });

  test('but not when it has to say who it is', async () => {
    bench = new RtspServiceBench({ auth_enable: true, username: 'u', password: 'p' });
    watch();
    await bench.connect().ask('DESCRIBE');
    expect(turns).toEqual([]);
  });
});

describe('name and password', () => {
  const credentials = { username: 'u', password: 'p' };
  const basic = { ...credentials, auth_method: 0 };
  const right = { Authorization: `Basic ${Buffer.from('u:p').toString('base64')}` };
  const wrong = { Authorization: `Basic ${Buffer.from('u:x').toString('base64')}` };

  test('are asked of players, not of publishers, unless that is wanted', async () => {
    bench = new RtspServiceBench({ auth_enable: true, ...basic });
    const first = await publisher();
    expect(first.statuses).toEqual([200, 200, 200]);
    const client = bench.connect();
    expect(await client.ask('DESCRIBE')).toBe(401);
    expect(client.replies[0]!.headers.get('WWW-Authenticate')).toBe('Basic realm="lal"');
    expect(await client.ask('DESCRIBE', RTSP_URL, wrong)).toBe(401);
    expect(bench.log.some(({ msg }) => msg === 'rtsp: wrong name or password')).toBe(true);
    bench.publish('other');
    expect(await client.ask('DESCRIBE', urlOf('other'), right)).toBe(200);
    bench.hub.get('other')!.publication!.end();
  });

  test('are asked of publishers where that is switched on, and of players not', async () => {
    bench = new RtspServiceBench({ auth_publish_enable: true, ...basic });
    const client = bench.connect();
    expect(await client.ask('ANNOUNCE', RTSP_URL, announceHeaders, RTSP_SDP)).toBe(401);
    expect(bench.hub.streams.size).toBe(0);
    expect(await client.ask('ANNOUNCE', RTSP_URL, { ...announceHeaders, ...right }, RTSP_SDP)).toBe(200);
    bench.publish('other');
    expect(await bench.connect().ask('DESCRIBE', urlOf('other'))).toBe(200);
    bench.hub.get('other')!.publication!.end();
  });

  test('may be proved by a digest, whose nonce is good for one address and some minutes', async () => {
    bench = new RtspServiceBench({ auth_enable: true, ...credentials, auth_method: 1 });
    bench.publish();
    const client = bench.connect();
    await client.ask('DESCRIBE');
    const auth = new RtspClientAuth({ user: 'u', password: 'p' }, () => '0123456789abcdef');
    expect(auth.accept(client.replies[0]!.headers.getAll('WWW-Authenticate'))).toBe(true);
    const Authorization = auth.authorization('DESCRIBE', RTSP_URL)!;
    expect(await client.ask('DESCRIBE', RTSP_URL, { Authorization })).toBe(200);
    bench.clock.advance(600_000);
    const later = bench.connect();
    expect(await later.ask('DESCRIBE', RTSP_URL, { Authorization })).toBe(401);
    expect(later.replies[0]!.headers.get('WWW-Authenticate')).toContain('stale=true');
  });

  test('that a reload changes count from the next request on; who is in stays', async () => {
    bench = new RtspServiceBench();
    bench.publish();
    const early = bench.connect();
    await early.getReady();
    expect(await early.ask('PLAY')).toBe(200);
    bench.reload({ auth_enable: true, ...basic });
    const late = bench.connect();
    expect(await late.ask('DESCRIBE')).toBe(401);
    expect(await late.ask('DESCRIBE', RTSP_URL, right)).toBe(200);
    bench.reload({ auth_enable: true, ...basic, password: 'other' });
    expect(await late.ask('DESCRIBE', RTSP_URL, right)).toBe(401);
    expect(await early.ask('GET_PARAMETER')).toBe(200);
  });

  test('guessing has an end', async () => {
    bench = new RtspServiceBench({ auth_enable: true, ...basic });
    const client = bench.connect();
    for (let attempt = 0; attempt < 20; attempt += 1) await client.ask('DESCRIBE', RTSP_URL, wrong);
    expect(client.statuses.length).toBeLessThan(10);
    expect(bench.ends).toEqual(['refused']);
  });
});

test('who comes while the server stops is sent away', async () => {
  bench = new RtspServiceBench();
  bench.service.closeSessions(endReason('server-shutdown'));
  const client = bench.connect();
  await settle();
  expect(client.isClosed).toBe(true);
  expect(bench.ends).toEqual(['server-shutdown']);
});
