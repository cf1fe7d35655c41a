/**
 * Names for what differs from run to run: sessions are called after the client that the script opened, ports of clients
 * after their owners.
 */
import { isObject } from './json.ts';
import type { Json } from './json.ts';

const sessionId =
  /^(RTMPPUBSUB|RTMPPULL|RTMPPUSH|RTSPPUB|RTSPSUB|RTSPPULL|RTSPPUSH|FLVPUBSUB|TSPUBSUB|PSPUB|HLSSUB)\d+$/;

export class Names {
  readonly #byPort = new Map<number, string>();
  readonly #bySession = new Map<string, string>();
  readonly #unnamed = new Map<string, number>();

  /** A port of the system's choice: a client's, or one that was opened on request. Fixed ports, of servers, need no name. */
  namePort(port: number, name: string): void {
    this.#byPort.set(port, name);
  }

  /** Looks for sessions whose clients are known, wherever they are in `value`. */
  learn(value: Json): void {
    if (Array.isArray(value)) for (const item of value) this.learn(item);
    if (!isObject(value)) return;
    const { session_id: id, remote_addr: address } = value;
    if (typeof id === 'string' && typeof address === 'string') {
      const name = this.#byPort.get(portOf(address));
      // The system gives ports out again; what was seen once is not named anew when it is seen again.
      if (name !== undefined && !this.#bySession.has(id)) this.#bySession.set(id, name);
    }
    for (const item of Object.values(value)) this.learn(item);
  }

  /** `RTMPPUBSUB7` as `RTMPPUBSUB<viewer>`; sessions of nobody's are counted by kind. */
  session(id: string): string {
    const prefix = sessionId.exec(id)?.[1];
    if (prefix === undefined) return id;
    let name = this.#bySession.get(id);
    if (name === undefined) {
      const count = (this.#unnamed.get(prefix) ?? 0) + 1;
      this.#unnamed.set(prefix, count);
      name = `#${count}`;
      this.#bySession.set(id, name);
    }
    return `${prefix}<${name}>`;
  }

  port(port: number): number | string {
    const name = this.#byPort.get(port);
    return name === undefined ? port : `<${name}>`;
  }

  /** `127.0.0.1:53123` as `127.0.0.1:<viewer>`; ports of servers stay. */
  address(address: string): string {
    const name = this.#byPort.get(portOf(address));
    return name === undefined ? address : address.replace(/\d+$/, `<${name}>`);
  }

  /** The id of a client's session, when anything was heard of it. */
  idOf(name: string): string | undefined {
    return [...this.#bySession].findLast(([, owner]) => owner === name)?.[0];
  }
}

function portOf(address: string): number {
  return Number(/:(\d+)$/.exec(address)?.[1] ?? 0);
}
