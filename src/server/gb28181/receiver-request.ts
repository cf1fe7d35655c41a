import type { Gb28181Peer } from '../../session/gb28181/tcp-caller.ts';
import type { StreamAddress } from '../stream-address.ts';

/** How the packets come: to a port of ours, or over a connection that we make. */
export type Gb28181Way =
  | {
      readonly transport: 'udp' | 'tcp';
      /** 0: a free one of the server's range. */
      readonly port: number;
    }
  | { readonly transport: 'tcp-active'; readonly peer: Gb28181Peer };

/** What a receiver is asked to do. */
export interface Gb28181Request {
  readonly address: StreamAddress;
  readonly way: Gb28181Way;
  /** It ends after so long without a packet; 0: never. */
  readonly timeoutMs: number;
  /** The only RTP source that counts; `undefined`: the first that is heard. */
  readonly ssrc: number | undefined;
  /** Gets all packets that are received; `undefined`: no dump. */
  readonly dumpPath: string | undefined;
}
