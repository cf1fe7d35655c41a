import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/**
 * One end of a connection in memory. It behaves as a TCP socket does towards its owner: what one end writes the other
 * reads, a reader that pauses fills up the writer, an end is half-closed unless its owner allows that, a reset is an
 * error. Nothing passes at once: see `settle`.
 */
export class PairedSocket extends Duplex {
  readonly remoteAddress = '192.0.2.1';
  readonly remotePort = 50_000;
  bytesRead = 0;
  bytesWritten = 0;
  #peer: PairedSocket | undefined;
  /** Waits until the peer reads on. */
  #delivered: (() => void) | undefined;

  /** The end as the type that sessions ask for. */
  get socket(): Socket {
    return this as unknown as Socket;
  }

  connectTo(peer: PairedSocket): void {
    this.#peer = peer;
  }

  /** What the other side sees when a process dies or a cable is pulled. */
  reset(): void {
    this.#peer?.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    this.destroy();
  }

  override _read(): void {
    this.#peer?.taken();
  }

  override _write(chunk: Buffer, _encoding: string, delivered: () => void): void {
    const peer = this.#peer!;
    this.bytesWritten += chunk.length;
    if (peer.readableEnded || peer.destroyed) {
      delivered();
      return;
    }
    this.#delivered = delivered;
    peer.bytesRead += chunk.length;
    peer.push(chunk);
  }

  override _final(finished: () => void): void {
    this.#endPeer();
    finished();
  }

  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    this.taken();
    this.#peer?.taken();
    this.#endPeer();
    destroyed(error);
  }

  taken(): void {
    const delivered = this.#delivered;
    this.#delivered = undefined;
    delivered?.();
  }

  #endPeer(): void {
    const peer = this.#peer!;
    if (!peer.destroyed && !peer.readableEnded) peer.push(null);
  }
}

/** Both ends of a connection in memory: the server's, and a client's that may half-close. */
export function duplexPair(): { server: PairedSocket; client: PairedSocket } {
  const server = new PairedSocket({ allowHalfOpen: false });
  const client = new PairedSocket({ allowHalfOpen: true });
  server.connectTo(client);
  client.connectTo(server);
  client.on('error', () => {});
  return { server, client };
}

/** Resolves when everything that is under way in memory has arrived: streams and promises need a few turns each. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
