import type { Socket } from 'node:net';
import type { ServerConfig } from './config/server-config.ts';

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
  admit(socket: Socket): boolean {
    const { max_connections: maxOpen, max_connections_per_address: maxPerAddress } = this.#limits;
    const address = socket.remoteAddress ?? '';
    const fromAddress = this.#byAddress.get(address) ?? 0;
    if ((maxOpen > 0 && this.open >= maxOpen) || (maxPerAddress > 0 && fromAddress >= maxPerAddress)) {
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
