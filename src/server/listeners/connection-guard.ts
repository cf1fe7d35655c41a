import type { Socket } from 'node:net';
import type { ServerConfig } from '../config/server-config.ts';

/** Places of the API and of profiles that viewers cannot take: who is on call gets in when all others are taken. */
const CONTROL_PLACES = 64;

/** What a port is for. */
export type ConnectionPurpose = 'media' | 'control';

/** Knows every open socket of all listeners, and turns away those beyond the limits. */
export class ConnectionGuard {
  readonly #limits: ServerConfig['limits'];
  readonly #sockets = new Set<Socket>();
  readonly #byAddress = new Map<string, number>();
  #refused = 0;
  #emptied: (() => void) | undefined;

  constructor(limits: ServerConfig['limits']) {
    this.#limits = limits;
  }

  get open(): number {
    return this.#sockets.size;
  }

  /** Sockets turned away so far. */
  get refused(): number {
    return this.#refused;
  }

  /** False: the socket was one too many and is destroyed. */
  admit(socket: Socket, purpose: ConnectionPurpose = 'media'): boolean {
    const { max_connections: maxOpen, max_connections_per_address: maxPerAddress } = this.#limits;
    const address = socket.remoteAddress ?? '';
    const fromAddress = this.#byAddress.get(address) ?? 0;
    const extra = purpose === 'control' ? CONTROL_PLACES : 0;
    if (isReached(maxOpen, this.open - extra) || isReached(maxPerAddress, fromAddress - extra)) {
      this.#refused += 1;
      socket.destroy();
      return false;
    }
    this.#sockets.add(socket);
    this.#byAddress.set(address, fromAddress + 1);
    socket.once('close', () => this.#release(socket, address));
    return true;
  }

  /** Resolves when the last socket is closed. */
  async whenEmpty(): Promise<void> {
    if (this.open > 0) await new Promise<void>((resolve) => (this.#emptied = resolve));
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #release(socket: Socket, address: string): void {
    this.#sockets.delete(socket);
    const left = this.#byAddress.get(address)! - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
    if (this.open === 0) this.#emptied?.();
  }
}

/** @param limit 0: none */
function isReached(limit: number, count: number): boolean {
  return limit > 0 && count >= limit;
}
