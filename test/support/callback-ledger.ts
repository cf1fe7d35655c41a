import type { CallbackBody } from './callback-server.ts';

/**
 * Keeps the books of callbacks: who has come must go once, nobody goes who has not come, and of each stream and session they
 * come in the order in which things happen.
 */
export class CallbackLedger {
  /** What did not fit, in a line each. */
  readonly faults: string[] = [];
  /** Starts of sessions so far. */
  started = 0;
  #stopped = 0;
  /** Sessions that have come and not gone, with their kind. */
  readonly #present = new Map<string, string>();
  /** Inputs of streams: publisher or pull. */
  readonly #inputs = new Map<string, string>();
  /** RTMP clients that have said `connect` and nothing since. */
  readonly #connected = new Set<string>();
  /** Fragments of HLS that are being written, by stream. */
  readonly #fragments = new Map<string, number>();

  /** Sessions that are there, as the callbacks tell. */
  get present(): string[] {
    return [...this.#present.keys()];
  }

  get stopped(): number {
    return this.#stopped;
  }

  enter(name: string, body: CallbackBody): void {
    const id = body['session_id'] as string;
    // What is pulled is named as its source is, too.
    const stream = (body['local_stream_name'] ?? body['stream_name']) as string;
    if (name === 'on_rtmp_connect') {
      this.#connected.add(id);
    } else if (name === 'on_hls_make_ts') {
      this.#fragment(stream, body['event'] as string, body['id'] as number);
    } else if (/^on_(pub|sub|relay_pull)_start$/.test(name)) {
      this.#start(name.slice(3, -6), id, stream);
    } else if (/^on_(pub|sub|relay_pull)_stop$/.test(name)) {
      this.#stop(name.slice(3, -5), id, stream);
    }
  }

  #start(kind: string, id: string, stream: string): void {
    this.started += 1;
    if (this.#present.has(id)) this.faults.push(`${id} starts twice`);
    if (id.startsWith('RTMPPUBSUB') && !this.#connected.delete(id)) this.faults.push(`${id} did not connect`);
    this.#present.set(id, kind);
    if (kind === 'sub') return;
    const other = this.#inputs.get(stream);
    if (other !== undefined) this.faults.push(`${id} is an input of ${stream} beside ${other}`);
    this.#inputs.set(stream, id);
  }

  #stop(kind: string, id: string, stream: string): void {
    this.#stopped += 1;
    if (this.#present.get(id) !== kind)
      this.faults.push(`${id} stops as ${kind} and is ${this.#present.get(id)}`);
    this.#present.delete(id);
    // A connection may begin something else.
    if (id.startsWith('RTMPPUBSUB')) this.#connected.add(id);
    if (kind !== 'sub' && this.#inputs.get(stream) === id) this.#inputs.delete(stream);
  }

  #fragment(stream: string, event: string, id: number): void {
    const open = this.#fragments.get(stream);
    if (event === 'open') {
      this.#fragments.set(stream, id);
    } else {
      if (open !== id) this.faults.push(`fragment ${id} of ${stream} is closed, and ${open} was open`);
      this.#fragments.delete(stream);
    }
  }
}
