import { endReason, type EndReason } from '../../media/end-reason.ts';
import type { IpBlacklist } from '../auth/ip-blacklist.ts';
import type { ServerContext } from '../server-context.ts';
import { Gb28181Receiver } from './gb28181-receiver.ts';
import { openTransport, type OpenTransport } from './open-transport.ts';
import type { Gb28181Request } from './receiver-request.ts';

/** A receiver that has begun. */
export interface Gb28181Started {
  readonly sessionId: string;
  /** Where the device sends to; 0 where we call it. */
  readonly port: number;
}

/** Why a port could not be opened, in the system's words. */
export interface Gb28181ListenFailure {
  readonly listenError: string;
}

/** Receives what cameras and recorders send by GB/T 28181, once somebody has told them where to. */
export class Gb28181Service {
  readonly #context: ServerContext;
  readonly #blacklist: Pick<IpBlacklist, 'isListed'>;
  readonly #open: OpenTransport;
  readonly #receivers = new Set<Gb28181Receiver>();
  /** Files that are being closed. */
  readonly #dumps = new Set<Promise<void>>();
  #closing: EndReason | undefined;

  /** @param blacklist hosts that no device may send from */
  constructor(
    context: ServerContext,
    blacklist: Pick<IpBlacklist, 'isListed'>,
    open: OpenTransport = openTransport,
  ) {
    this.#context = context;
    this.#blacklist = blacklist;
    this.#open = open;
  }

  /**
   * Takes the stream at once, and opens the way for the device.
   * @returns an `EndReason` when the stream cannot be had
   */
  async start(request: Gb28181Request): Promise<Gb28181Started | Gb28181ListenFailure | EndReason> {
    const admission = await this.#context.gate.claim(request.address);
    if ('code' in admission) return admission;
    const receiver = new Gb28181Receiver(request, admission, this.#context, (ended) => this.#ended(ended));
    this.#receivers.add(receiver);
    if (this.#closing !== undefined) receiver.end(this.#closing);
    const transport = await this.#open(request.way, receiver, this.#context, this.#blacklist).catch(
      (error: unknown) => error as Error,
    );
    if (transport instanceof Error) return this.#cannotListen(receiver, transport.message);
    if (transport === undefined) {
      return this.#cannotListen(receiver, 'no port between rtsp.udp_port_min and udp_port_max is free');
    }
    receiver.start(transport);
    const { id: sessionId } = receiver.record;
    return receiver.isEnded ? (this.#closing ?? endReason('kicked')) : { sessionId, port: receiver.port };
  }

  /** Ends the receiver of a stream. @returns its session id; `undefined` when there is none */
  stop(streamKey: string, sessionId?: string): string | undefined {
    for (const receiver of this.#receivers) {
      const { id, streamKey: key } = receiver.record;
      if (key !== streamKey || (sessionId !== undefined && sessionId !== id)) continue;
      receiver.end(endReason('kicked'));
      return id;
    }
    return undefined;
  }

  /** Resolves when the dumps of receivers that have ended are in their files. */
  async whenWritten(): Promise<void> {
    await Promise.all(this.#dumps);
  }

  #ended(receiver: Gb28181Receiver): void {
    this.#receivers.delete(receiver);
    const { dumped } = receiver;
    if (dumped === undefined) return;
    const closed = dumped.finally(() => this.#dumps.delete(closed));
    this.#dumps.add(closed);
  }

  #cannotListen(receiver: Gb28181Receiver, listenError: string): Gb28181ListenFailure {
    receiver.end(endReason('limit-reached', 'port', listenError));
    this.#context.logger.warn(
      { stream: receiver.record.streamKey },
      `gb28181: cannot listen: ${listenError}`,
    );
    return { listenError };
  }

  /** To be called about once a second. */
  tick(nowMs: number): void {
    for (const receiver of this.#receivers) receiver.tick(nowMs);
  }

  closeSessions(reason: EndReason): void {
    this.#closing = reason;
    for (const receiver of this.#receivers) receiver.end(reason);
  }
}
