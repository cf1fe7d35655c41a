/** What a step of the script acts on, and where what it sees is kept. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallbackServer, ReceivedCallback } from '../support/callback-server.ts';
import { publishWithFfmpeg } from '../support/publishers.ts';
import type { Program } from '../support/program.ts';
import type { RawClient } from '../support/raw-client.ts';
import { publishRtspWithFfmpeg } from '../support/rtsp-publishers.ts';
import { Scope } from '../support/scope.ts';
import { callHttp, eventually, openLive, openRtmp, openRtsp } from './clients.ts';
import type { HttpAnswer, HttpCall } from './clients.ts';
import { isObject } from './json.ts';
import type { Json } from './json.ts';
import { Names } from './names.ts';
import { normalised } from './normalise.ts';
import type { Peer } from './peer.ts';
import type { Ports, Setting } from './settings.ts';

/** Callbacks that come by the clock, not by what the script does. */
const periodic = new Set(['on_update', 'on_hls_make_ts']);
/** When this long nothing has come, nothing more comes: a stream without anybody is forgotten within a second. */
const quietMs = 400;
const heardWithinMs = 5000;
/** Between clients that leave. */
const leaveAfterMs = 40;

/** A client of the script, until it is closed or the step is over. */
export interface Client {
  readonly name: string;
  readonly raw: RawClient;
}

export interface StageContext {
  readonly setting: Setting;
  readonly ports: Ports;
  readonly receiver: CallbackServer;
  readonly peer: Peer;
  /** What ffmpeg publishes. */
  readonly media: string;
}

export class Stage {
  readonly setting: Setting;
  readonly ports: Ports;
  readonly peer: Peer;
  readonly scope = new Scope();
  readonly #receiver: CallbackServer;
  readonly #media: string;
  readonly #firstCallback: number;
  readonly #names = new Names();
  readonly #notes: [string, Json][] = [];
  readonly #clients: Client[] = [];

  constructor({ setting, ports, receiver, peer, media }: StageContext) {
    this.setting = setting;
    this.ports = ports;
    this.peer = peer;
    this.#receiver = receiver;
    this.#media = media;
    this.#firstCallback = receiver.received.length;
  }

  /** Keeps what was seen. Each label is used once in a step. */
  note(label: string, value: Json): void {
    if (this.#notes.some(([known]) => known === label)) throw new Error(`"${label}" is noted twice`);
    this.#notes.push([label, value]);
  }

  /** A call of the API, whose answer is noted; the answer's body. */
  async api(label: string, path: string, call: HttpCall = {}): Promise<Json> {
    const answer = await callHttp(this.ports.api, path, call);
    const body = bodyOf(answer);
    this.#names.learn(body);
    this.note(label, { status: answer.status, headers: answer.headers, body });
    return body;
  }

  /** A call with a JSON body, named after the last part of the path. */
  post(label: string, name: string, body: Json): Promise<Json> {
    return this.api(label, `/api/ctrl/${name}`, { method: 'POST', body: JSON.stringify(body) });
  }

  /** The statistics of a stream, noted only if there is a label. */
  async group(streamName: string, label?: string): Promise<{ [key: string]: Json } | undefined> {
    const path = `/api/stat/group?stream_name=${encodeURIComponent(streamName)}`;
    const body =
      label === undefined ? bodyOf(await callHttp(this.ports.api, path)) : await this.api(label, path);
    this.#names.learn(body);
    return isObject(body) && isObject(body['data']) ? body['data'] : undefined;
  }

  /** Resolves when the group is as it should be, or after some seconds, which is noted. */
  async untilGroup(
    streamName: string,
    what: string,
    isSo: (group: { [key: string]: Json }) => boolean,
  ): Promise<void> {
    const found = await eventually(async () => {
      const group = await this.group(streamName);
      return group !== undefined && isSo(group) ? group : undefined;
    }, heardWithinMs + 3000);
    if (found === undefined)
      this.note(`never: ${what}`, await this.group(streamName).then((group) => group ?? null));
  }

  /** Resolves when a stream has sound, picture and a first second's frame rate. */
  async untilRunning(streamName: string): Promise<void> {
    await this.untilGroup(
      streamName,
      `${streamName} runs`,
      ({ video_codec: video, audio_codec: audio, in_frame_per_sec: rates }) =>
        video !== '' && audio !== '' && (rates as Json[]).length > 0,
    );
  }

  async untilForgotten(streamName: string): Promise<void> {
    const gone = await eventually(
      async () => ((await this.group(streamName)) === undefined ? true : undefined),
      6000,
    );
    if (gone === undefined) this.note(`never: ${streamName} is forgotten`, true);
  }

  /** Of a port that the server has chosen. */
  namePort(port: number, name: string): void {
    this.#names.namePort(port, name);
  }

  async rtmp(action: 'publish' | 'play', name: string, target: string): Promise<Client> {
    return this.#opened(name, await openRtmp(this.scope, this.ports.rtmp, action, target));
  }

  async rtsp(action: 'publish' | 'play', name: string, target: string): Promise<Client> {
    return this.#opened(name, await openRtsp(this.scope, this.ports.rtsp, action, target));
  }

  /** HTTP-FLV and HTTP-TS, or the same over WebSocket. */
  async live(name: string, path: string, options: { upgrade?: boolean } = {}): Promise<Client> {
    return this.#opened(name, await openLive(this.scope, this.ports.http, path, options.upgrade ?? false));
  }

  /** A file of HLS, whose answer is noted without its body. */
  async hls(label: string, path: string, call: HttpCall = {}): Promise<HttpAnswer> {
    const answer = await callHttp(this.ports.http, path, call);
    this.#names.namePort(answer.port, label);
    this.note(label, { status: answer.status, headers: answer.headers, isEmpty: answer.body.length === 0 });
    return answer;
  }

  /** ffmpeg, until it is stopped; resolves when the stream has its first pictures. */
  async ffmpeg(protocol: 'rtmp' | 'rtsp', name: string, target: string): Promise<Program> {
    const url = `${protocol}://127.0.0.1:${this.ports[protocol]}/live/${target}`;
    const before = this.#callbacks().length;
    const program =
      protocol === 'rtmp'
        ? publishWithFfmpeg(this.scope, this.#media, url)
        : publishRtspWithFfmpeg(this.scope, this.#media, url, 'tcp');
    const [streamName = ''] = target.split('?');
    const isIt = ({ name, body }: ReceivedCallback): boolean =>
      name === 'on_pub_start' && body['stream_name'] === streamName;
    const begun = await this.#callback(isIt, before);
    if (begun !== undefined)
      this.#names.namePort(Number(/\d+$/.exec(begun['remote_addr'] as string)![0]), name);
    await this.untilRunning(streamName);
    return program;
  }

  /** Resolves when such a callback has come in this step; undefined when it does not. */
  async heard(
    name: string,
    isIt: (body: Record<string, unknown>) => boolean = () => true,
    timeoutMs = heardWithinMs,
  ): Promise<Record<string, unknown> | undefined> {
    return this.#callback((callback) => callback.name === name && isIt(callback.body), 0, timeoutMs);
  }

  /** Resolves when a client's session has been told of. */
  async told(callback: string, { name }: Pick<Client, 'name'>): Promise<void> {
    await this.heard(callback, (body) => this.#isOf(body, name));
  }

  /** The next `on_update`, noted. */
  async update(label: string): Promise<void> {
    const seen = this.#receiver.bodies('on_update').length;
    await this.#receiver
      .until(() => this.#receiver.bodies('on_update').length > seen, 'an update')
      .catch(() => undefined);
    const callback = this.#receiver.received.findLast(({ name }) => name === 'on_update')!;
    this.note(label, requestOf(callback));
  }

  /** The first callbacks about a fragment's beginning and end. */
  noteFragments(streamName: string): void {
    for (const event of ['open', 'close']) {
      const isIt = ({ name, body }: ReceivedCallback): boolean =>
        name === 'on_hls_make_ts' && body['stream_name'] === streamName && body['event'] === event;
      const callback = this.#callbacks().find(isIt);
      this.note(`on_hls_make_ts ${event}`, callback === undefined ? null : requestOf(callback));
    }
  }

  /** The id of a client's session; undefined when nothing was heard of it. */
  idOf({ name }: Client): string | undefined {
    return this.idNamed(name);
  }

  /** The same by the client's name, for those whose connection is over after each answer. */
  idNamed(name: string): string | undefined {
    for (const { body } of this.#callbacks()) this.#names.learn(body as Json);
    return this.#names.idOf(name);
  }

  /** Whether the server closes the connection within some seconds. */
  async noteEnd({ name, raw }: Client): Promise<void> {
    const isEnded = await raw.ended(4000).then(
      () => true,
      () => raw.isEnded,
    );
    this.note(`${name}: the server closes`, isEnded);
  }

  /** Closes a client and waits until the server has told of it. */
  async leave(client: Client, callback = 'on_sub_stop'): Promise<void> {
    client.raw.socket.destroy();
    await this.told(callback, client);
  }

  /** Kicks a viewer of HLS, and waits until the server has told of it. */
  async kickHlsViewer(streamName: string, name: string): Promise<void> {
    await this.told('on_sub_start', { name });
    const parameters = { stream_name: streamName, session_id: this.idNamed(name) ?? 'unheard of' };
    await this.post(`kick ${name}`, 'kick_session', parameters);
    await this.told('on_sub_stop', { name });
  }

  /** Closes everything, waits until the server has said everything, and gives what was seen. */
  async finish(): Promise<Map<string, Json>> {
    // One after the other, because callbacks say who else is still there.
    for (const client of this.#clients) {
      client.raw.socket.destroy();
      await sleep(leaveAfterMs);
      await this.#untilGone(client);
    }
    await this.scope.close();
    for (let count = -1; count !== this.#callbacks().length; await sleep(quietMs))
      count = this.#callbacks().length;
    for (const { body } of this.#callbacks()) this.#names.learn(body as Json);
    const notes = this.#notes.map(([label, value]): [string, Json] => [
      label,
      normalised(value, this.#names),
    ]);
    return new Map([...notes, ...this.#callbackNotes()]);
  }

  /** Resolves when every session of a client that has been told of has been told of as gone. */
  async #untilGone({ name: client }: Client): Promise<void> {
    for (const { name, body } of this.#callbacks()) {
      if (!/^on_(?:pub|sub)_start$/.test(name) || !this.#isOf(body, client)) continue;
      await this.heard(name.replace('start', 'stop'), ({ session_id: id }) => id === body['session_id']);
    }
  }

  #opened(name: string, { client, answer }: { client: RawClient; answer: Json }): Client {
    // The port is asked for while the socket still has it.
    if (client.socket.localPort !== undefined) this.#names.namePort(client.socket.localPort, name);
    this.note(`${name}: answer`, answer);
    const opened = { name, raw: client };
    this.#clients.push(opened);
    return opened;
  }

  #callbacks(): ReceivedCallback[] {
    return this.#receiver.received.slice(this.#firstCallback);
  }

  async #callback(
    isIt: (callback: ReceivedCallback) => boolean,
    from: number,
    timeoutMs = heardWithinMs,
  ): Promise<Record<string, unknown> | undefined> {
    const found = (): ReceivedCallback | undefined => this.#callbacks().slice(from).find(isIt);
    await this.#receiver.until(() => found() !== undefined, 'a callback', timeoutMs).catch(() => undefined);
    return found()?.body;
  }

  #isOf(body: Record<string, unknown>, client: string): boolean {
    return this.#names.address(String(body['remote_addr'])).endsWith(`:<${client}>`);
  }

  /** Per stream, in the order in which they came. */
  #callbackNotes(): Map<string, Json> {
    const streams = new Map<string, { [key: string]: Json }>();
    const streamOf = new Map<unknown, string>();
    const told = this.#callbacks().filter(({ name }) => !periodic.has(name));
    for (const { body } of told) {
      if (body['stream_name'] !== undefined) streamOf.set(body['session_id'], body['stream_name'] as string);
    }
    for (const callback of told) {
      const { name, body } = callback;
      const stream = `callbacks about ${streamOf.get(body['session_id']) ?? 'no stream'}`;
      const id = body['session_id'];
      const label = typeof id === 'string' ? `${name} ${this.#names.session(id)}` : name;
      const group = streams.get(stream) ?? {};
      const times = Object.keys(group).filter((key) => key === label || key.startsWith(`${label} (`)).length;
      group[times === 0 ? label : `${label} (${times + 1})`] = normalised(requestOf(callback), this.#names);
      streams.set(stream, group);
    }
    return streams;
  }
}

function requestOf({ method, headers, body }: ReceivedCallback): Json {
  return {
    method,
    headers: Object.fromEntries(Object.entries(headers).toSorted(([a], [b]) => a.localeCompare(b))) as {
      [name: string]: Json;
    },
    body: body as Json,
  };
}

/** What is no JSON is left out: a page. */
function bodyOf({ body }: HttpAnswer): Json {
  const text = body.toString();
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text === '' ? '' : '<text>';
  }
}
