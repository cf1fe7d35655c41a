import type { Clock } from '../../media/clock.ts';

/** What a way for devices to come in needs. */
export interface Gb28181TransportOptions {
  readonly clock: Clock;
  readonly handler: Gb28181MediaHandler;
  /** Whether nothing is taken from there. @param host an address in normal form */
  isKeptOut(host: string): boolean;
}

/** Takes what a device sends. */
export interface Gb28181MediaHandler {
  /**
   * @param packet must not change afterwards
   * @returns whether it is of the source that is received; others neither keep a session alive nor take its place
   */
  receiveRtp(packet: Uint8Array): boolean;
  /** @param packet one compound packet */
  receiveRtcp(packet: Uint8Array): void;
  /** Another connection takes over. */
  connectionChanged(): void;
}

/** What came on the way, besides packets that were taken. */
export interface Gb28181TransportCounters {
  /** Packets of other addresses than the one that is received from. */
  strangerPackets: number;
  /** Packets of hosts that are kept out. */
  refusedPackets: number;
  /** Connections so far. */
  connections: number;
  /** Connections that were closed because another one was in use, or their host is kept out. */
  refusedConnections: number;
  /** Connections that ended because of what came, or could not be made. */
  failedConnections: number;
  /** Times that a connection was out of step and found back. */
  resyncs: number;
}

/** The way that the packets of one device come. */
export interface Gb28181Transport {
  /** Ours. */
  readonly port: number;
  /** Packets come in order, or not at all (TCP). */
  readonly keepsOrder: boolean;
  readonly counters: Readonly<Gb28181TransportCounters>;
  /** Tells the device what arrives, if it is known to listen. */
  sendRtcp(packet: Uint8Array): void;
  /** To be called about once a second. */
  tick(nowMs: number): void;
  /** Frees the port and ends connections; nothing is handed out any more. Twice is harmless. */
  close(): void;
}

/** Who was silent for so long may be followed by another: a device that has lost its connection, or got another address. */
export const TRANSPORT_SILENCE_MS = 2000;

/** All counters at 0. */
export function newTransportCounters(): Gb28181TransportCounters {
  return {
    strangerPackets: 0,
    refusedPackets: 0,
    connections: 0,
    refusedConnections: 0,
    failedConnections: 0,
    resyncs: 0,
  };
}
