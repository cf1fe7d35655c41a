/** Clients that see a server's answers as they are: a connection each, whose port tells which session is theirs. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { RawClient } from '../support/raw-client.ts';
import { clientScript, playChunks, publishChunks } from '../support/rtmp-wire.ts';
import { wireSdp } from '../support/rtsp-wire.ts';
import type { Scope } from '../support/scope.ts';
import type { Json } from './json.ts';

const answerWithinMs = 4000;
/** How soon after an answer a connection is closed, if that was part of the answer. */
const closedWithinMs = 400;

/** Resolves when the condition holds, or the time is up, or the connection is closed. */
async function patiently(
  client: RawClient,
  condition: () => boolean,
  timeoutMs = answerWithinMs,
): Promise<void> {
  await client.until(condition, 'an answer', timeoutMs).catch(() => undefined);
}

async function isClosed(client: RawClient): Promise<boolean> {
  await patiently(client, () => client.isEnded, closedWithinMs);
  return client.isEnded;
}

/** What an RTMP client was told, in order, `closed` at the end where the server closed. */
export async function openRtmp(
  scope: Scope,
  port: number,
  action: 'publish' | 'play',
  target: string,
): Promise<{ client: RawClient; answer: Json }> {
  const client = await RawClient.open(scope, port);
  await client.send(clientScript(port, action === 'publish' ? publishChunks(target) : playChunks(target)));
  const verdict = /NetStream\.(?:Publish|Play)\.\w+/;
  await patiently(client, () => verdict.test(client.text));
  const closed = await isClosed(client);
  const statuses = client.text.match(/Net(?:Stream|Connection)\.[A-Za-z]+\.[A-Za-z]+/g) ?? [];
  return { client, answer: [...new Set(statuses), ...(closed ? ['closed'] : [])] };
}

/** The head of a streaming answer over HTTP, or of a WebSocket's. */
export async function openLive(
  scope: Scope,
  port: number,
  path: string,
  upgrade: boolean,
): Promise<{ client: RawClient; answer: Json }> {
  const client = await RawClient.open(scope, port);
  const lines = [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, 'User-Agent: comparison'];
  if (upgrade) {
    lines.push('Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13');
    lines.push('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==');
  }
  await client.send(`${lines.join('\r\n')}\r\n\r\n`);
  await patiently(client, () => client.text.includes('\r\n\r\n'));
  const closed =
    client.text.startsWith('HTTP/1.1 200') || client.text.startsWith('HTTP/1.1 101')
      ? client.isEnded
      : await isClosed(client);
  return { client, answer: { ...headOf(client.text), ...(closed ? { closed } : {}) } };
}

/** Status line and headers of the answer at the beginning of `text`; nothing for none. */
function headOf(text: string): { [key: string]: Json } {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return { status: text.length === 0 ? 'no answer' : 'half an answer' };
  const [status = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = lines.map((line) => line.split(/: *(.*)/s, 2));
  return { status, headers: Object.fromEntries(headers) };
}

/** A player or publisher of RTSP over TCP, up to the request that the server refuses. */
export async function openRtsp(
  scope: Scope,
  port: number,
  action: 'publish' | 'play',
  target: string,
): Promise<{ client: RawClient; answer: Json }> {
  const client = await RawClient.open(scope, port);
  const dialogue = new RtspDialogue(client, `rtsp://127.0.0.1:${port}/live/${target}`);
  await (action === 'play' ? dialogue.play() : dialogue.publish());
  return { client, answer: dialogue.answers };
}

class RtspDialogue {
  /** By method. */
  readonly answers: { [method: string]: Json } = {};
  readonly #client: RawClient;
  readonly #url: string;
  #sequence = 0;
  #read = 0;
  #session = '';

  constructor(client: RawClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  async play(): Promise<void> {
    await this.#ask('OPTIONS', this.#url);
    const sdp = await this.#ask('DESCRIBE', this.#url, 'Accept: application/sdp\r\n');
    const controls = [...(sdp ?? '').matchAll(/^a=control:(\S+)/gm)].map(([, control]) => control!);
    for (const [index, control] of controls.filter((control) => control !== '*').entries()) {
      const uri = control.startsWith('rtsp:') ? control : `${this.#url}/${control}`;
      await this.#ask(
        'SETUP',
        uri,
        `Transport: RTP/AVP/TCP;unicast;interleaved=${2 * index}-${2 * index + 1}\r\n`,
      );
    }
    if (sdp !== undefined) await this.#ask('PLAY', this.#url, 'Range: npt=0.000-\r\n');
  }

  async publish(): Promise<void> {
    const headers = `Content-Type: application/sdp\r\nContent-Length: ${wireSdp.length}\r\n`;
    const announced = await this.#ask('ANNOUNCE', this.#url, headers, wireSdp);
    if (announced === undefined) return;
    for (const index of [0, 1]) {
      const transport = `Transport: RTP/AVP/TCP;unicast;interleaved=${2 * index}-${2 * index + 1};mode=record\r\n`;
      await this.#ask('SETUP', `${this.#url}/streamid=${index}`, transport);
    }
    await this.#ask('RECORD', this.#url);
  }

  /** @returns the body of an answer with status 200 */
  async #ask(method: string, uri: string, headers = '', body = ''): Promise<string | undefined> {
    this.#sequence += 1;
    const cookie = this.#session === '' ? '' : `Session: ${this.#session}\r\n`;
    await this.#client.send(
      `${method} ${uri} RTSP/1.0\r\nCSeq: ${this.#sequence}\r\n${cookie}${headers}\r\n${body}`,
    );
    await patiently(this.#client, () => this.#whole() !== undefined);
    const answer = this.#whole();
    const head = headOf(answer ?? '');
    const isFine = answer?.startsWith('RTSP/1.0 200') ?? false;
    const closed = !isFine && (await isClosed(this.#client));
    this.answers[method] = { ...head, ...(closed ? { closed } : {}) };
    if (answer === undefined) return undefined;
    this.#read += answer.length;
    this.#session = /^Session: *([^;\r]+)/im.exec(answer)?.[1] ?? this.#session;
    return isFine ? answer.slice(answer.indexOf('\r\n\r\n') + 4) : undefined;
  }

  /** The next answer with its body. lal may send media before it answers PLAY. */
  #whole(): string | undefined {
    const { received } = this.#client;
    while (received[this.#read] === 0x24 && received.length >= this.#read + 4) {
      this.#read += 4 + received.readUInt16BE(this.#read + 2);
    }
    const text = this.#client.text.slice(this.#read);
    const headEnd = text.indexOf('\r\n\r\n');
    if (headEnd < 0) return undefined;
    const length = Number(/^Content-Length: *(\d+)/im.exec(text.slice(0, headEnd))?.[1] ?? 0);
    const end = headEnd + 4 + length;
    return text.length < end ? undefined : text.slice(0, end);
  }
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: { [name: string]: Json };
  readonly body: Buffer;
  /** The client's port. */
  readonly port: number;
}

export interface HttpCall {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** One request on a connection of its own; redirects are not followed. */
export async function callHttp(port: number, path: string, call: HttpCall = {}): Promise<HttpAnswer> {
  const { method = 'GET', headers = {}, body } = call;
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    path,
    method,
    headers,
    agent: false,
    timeout: 5000,
  });
  request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer`)));
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const localPort = response.socket.localPort!;
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const names = response.rawHeaders.filter((_, index) => index % 2 === 0);
  const values = response.rawHeaders.filter((_, index) => index % 2 === 1);
  const rawHeaders = Object.fromEntries(
    names.map((name, index) => [name, values[index]!]).toSorted(([a], [b]) => a!.localeCompare(b!)),
  );
  return { status: response.statusCode!, headers: rawHeaders, body: Buffer.concat(chunks), port: localPort };
}

/** Looks again and again, a few times a second, until `look` gives something or the time is up. */
export async function eventually<T>(
  look: () => Promise<T | undefined>,
  timeoutMs: number,
): Promise<T | undefined> {
  const giveUpMs = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined || performance.now() > giveUpMs) return found;
    await sleep(100);
  }
}
