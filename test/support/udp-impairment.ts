/** A network that loses, doubles and delays packets, by a seed: the same ones in every run. */

/** A packet of one of several sequences that are told apart by `track`; what is no part of one passes unharmed. */
export interface ImpairedPacket {
  readonly track: number;
  readonly isNumbered: boolean;
}

/** What was done to the packets of one track. */
interface InjectedFaults {
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
}

export interface ImpairedPackets<Packet> {
  /** In the order in which they arrive. */
  readonly delivered: readonly Packet[];
  readonly lost: ReadonlySet<Packet>;
  /** By track. */
  readonly faults: readonly InjectedFaults[];
}

/** A delayed packet is overtaken by so many at most. */
const maxDelay = 8;
/** At both ends of a track nothing happens: nobody could know of it. */
const protectedPackets = 2 * maxDelay;

interface Held<Packet> {
  readonly packet: Packet;
  overtakers: number;
}

/**
 * Of the packets `rate` are lost, as many doubled, and as many delayed behind the next few of their track.
 * @param rate 0 to 1
 */
export function impair<Packet extends ImpairedPacket>(
  packets: readonly Packet[],
  rate: number,
  seed: number,
): ImpairedPackets<Packet> {
  const random = randomNumbers(seed);
  const safe = protectedOf(packets);
  const delivered: Packet[] = [];
  const lost = new Set<Packet>();
  const faults: { lost: number; duplicated: number; reordered: number }[] = [];
  const held: Held<Packet>[][] = [];
  for (const packet of packets) {
    const counts = (faults[packet.track] ??= { lost: 0, duplicated: 0, reordered: 0 });
    const waiting = (held[packet.track] ??= []);
    const fate = packet.isNumbered && !safe.has(packet) ? Math.floor(random() / rate) : Infinity;
    if (fate === 0) {
      counts.lost += 1;
      lost.add(packet);
    } else if (fate === 1) {
      counts.reordered += 1;
      waiting.push({ packet, overtakers: 1 + Math.floor(random() * maxDelay) });
    } else {
      delivered.push(packet);
      if (packet.isNumbered) held[packet.track] = overtaken(waiting, delivered);
      if (fate === 2) {
        counts.duplicated += 1;
        delivered.push(packet);
      }
    }
  }
  return { delivered, lost, faults };
}

/** Delivers those that have been overtaken often enough. @returns the others */
function overtaken<Packet>(held: readonly Held<Packet>[], delivered: Packet[]): Held<Packet>[] {
  for (const item of held) item.overtakers -= 1;
  for (const { packet } of held.filter(({ overtakers }) => overtakers === 0)) delivered.push(packet);
  return held.filter(({ overtakers }) => overtakers > 0);
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

/** Numbers from 0 to 1, by a linear congruential generator. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}
