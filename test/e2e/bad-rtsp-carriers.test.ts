/** What must not be said in RTSP is answered alike, whatever carries it: TLS, WebSocket, HTTP tunnels. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bystander } from '../support/bystander.ts';
import { LocalServer } from '../support/local-server.ts';
import { openUdpSockets } from '../support/memory.ts';
import { allCarriers, carrierNames, openCarrier, type CarrierName } from '../support/rtsp-carriers.ts';
import { rtspOffences, type RtspOffence } from '../support/rtsp-offences.ts';
import { conversation, publishing, setup, describeStream } from '../support/rtsp-wire.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

/** Where only the connection can carry media, UDP is refused from the first track on. */
function answerOver(carrier: CarrierName, { answer }: RtspOffence): string {
  return carrier !== 'tcp' && answer.startsWith('503') ? '461 Unsupported transport' : answer;
}

test.each(carrierNames)(
  'whoever breaks the rules over %s is told, and leaves nothing behind',
  async (name) => {
    const local = await LocalServer.start(scope, allCarriers);
    const bystander = await Bystander.start(scope, local);
    await bystander.goOn(40);
    for (const offence of rtspOffences) {
      const endsBefore = local.ends.length;
      const carrier = await openCarrier(scope, local, name);
      carrier.send(offence.bytes());
      await carrier.answered(answerOver(name, offence));
      if (offence.end === undefined) carrier.leave();
      await local.untilEnds(endsBefore + 1);
      expect(local.ends.at(-1), offence.name).toBe(offence.end ?? 'peer-closed');
      await carrier.ended();
      await bystander.goOn(2);
    }
    await bystander.expectUnharmed();
    await local.until(() => local.server.openConnections === 2, 'the last socket to close', 6000);
    local.server.hub.tick(performance.now());
    expect([...local.server.hub.streams.keys()]).toEqual(['bystander']);
    expect(openUdpSockets()).toBe(0);
    expect(local.errors).toEqual([]);
  },
);

test.each(carrierNames)('over %s a stream has one publisher: the second is refused', async (name) => {
  const local = await LocalServer.start(scope, allCarriers);
  const first = await openCarrier(scope, local, name);
  first.send(conversation(...publishing('one')));
  await first.answered('CSeq: 4');
  const second = await openCarrier(scope, local, name);
  second.send(conversation(...publishing('one')));
  await second.answered('403 Forbidden');
  await second.ended();
  expect(local.ends).toEqual(['stream-in-use']);
  expect(local.stream('one')?.publication).toBeDefined();
});

test.each(carrierNames.filter((name) => name !== 'tcp'))('over %s there is no UDP', async (name) => {
  const local = await LocalServer.start(scope, allCarriers);
  const bystander = await Bystander.start(scope, local);
  await bystander.goOn(40);
  const carrier = await openCarrier(scope, local, name);
  const udp = 'RTP/AVP;unicast;client_port=40000-40001';
  carrier.send(conversation(describeStream('bystander'), setup('bystander', 0, udp)));
  await carrier.answered('461 Unsupported transport');
  carrier.send(conversation(setup('bystander', 0)));
  await carrier.answered('interleaved=0-1');
});
