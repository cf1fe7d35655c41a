/** RTP packets on a network that loses, doubles and delays them. */
import { Impairment, type ImpairmentCounts } from '../../src/testing/impairment.ts';

/** A packet of one of several sequences that are told apart by `track`; what is no part of one passes unharmed. */
export interface ImpairedPacket {
  readonly track: number;
  readonly isNumbered: boolean;
}

export interface ImpairedPackets<Packet> {
  /** In the order in which they arrive. */
  readonly delivered: readonly Packet[];
  readonly lost: ReadonlySet<Packet>;
  /** By track. */
  readonly faults: readonly Readonly<ImpairmentCounts>[];
}

/** A delayed packet is overtaken by so many at most. */
const maxDelay = 8;
/** At both ends of a track nothing happens: nobody could know of it. */
const protectedPackets = 2 * maxDelay;

/**
 * Of the packets `rate` are lost, as many doubled, and as many delayed behind the next few of their track.
 * @param rate 0 to 1/3
 */
export function impair<Packet extends ImpairedPacket>(
  packets: readonly Packet[],
  rate: number,
  seed: number,
): ImpairedPackets<Packet> {
  const rates = { loss: rate, duplication: rate, delay: rate };
  const safe = protectedOf(packets);
  const networks: Impairment<Packet>[] = [];
  const delivered: Packet[] = [];
  for (const packet of packets) {
    const network = (networks[packet.track] ??= new Impairment(seed + packet.track, rates, maxDelay));
    if (!packet.isNumbered) delivered.push(packet);
    else delivered.push(...(safe.has(packet) ? network.pass(packet) : network.send(packet)));
  }
  const arrived = new Set(delivered);
  return {
    delivered,
    lost: new Set(packets.filter((packet) => !arrived.has(packet))),
    faults: networks.map(({ counts }) => counts),
  };
}

function protectedOf<Packet extends ImpairedPacket>(packets: readonly Packet[]): ReadonlySet<Packet> {
  const numbered = packets.filter(({ isNumbered }) => isNumbered);
  const tracks = new Set(numbered.map(({ track }) => track));
  return new Set(
    [...tracks].flatMap((track) => {
      const own = numbered.filter((packet) => packet.track === track);
      return [...own.slice(0, protectedPackets), ...own.slice(-protectedPackets)];
    }),
  );
}
