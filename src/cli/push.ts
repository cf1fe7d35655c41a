import { Command, InvalidArgumentError } from 'commander';
import { serializeAmf0 } from '../protocol/amf/amf0.ts';
import { FlvTagType, type FlvTag } from '../container/flv/flv-types.ts';
import { FlvFilePump } from '../ingest/flv-file-pump.ts';
import { systemClock } from '../media/clock.ts';
import { endReason, endReasonOfError, type EndReason } from '../media/end-reason.ts';
import { RtmpClientSession } from '../session/rtmp/client-session.ts';

interface PushOptions {
  readonly input: string;
  readonly output: string;
  readonly loop: boolean;
  readonly number: number;
}

/** Above this much waiting, the file waits for the network. */
const HIGH_WATER_BYTES = 1024 * 1024;
const KIND = {
  [FlvTagType.audio]: 'audio',
  [FlvTagType.video]: 'video',
  [FlvTagType.script]: 'data',
} as const;
const SET_DATA_FRAME = serializeAmf0('@setDataFrame');

/** `lal push`: publishes an FLV file by RTMP or RTMPS, at its own pace. lal's `pushrtmp`. */
export function pushCommand(): Command {
  return new Command('push')
    .description('publish an FLV file to an RTMP or RTMPS server')
    .requiredOption('-i, --input <file>', 'FLV file')
    .requiredOption('-o, --output <url>', 'rtmp:// or rtmps:// URL; {i} stands for the number of the push')
    .option('-r, --loop', 'start again at the end of the file, for ever', false)
    .option('-n, --number <count>', 'pushes at the same time', parseCount, 1)
    .action(async (options: PushOptions) => {
      const pushes = Array.from({ length: options.number }, (_, index) => {
        return push(options.input, options.output.replaceAll('{i}', String(index)), options.loop);
      });
      const ends = await Promise.all(pushes);
      if (ends.some((reason) => reason !== undefined)) process.exitCode = 1;
    });
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('a whole number from 1 on');
  return count;
}

/** @returns why it failed; `undefined` when the whole file was sent */
async function push(path: string, url: string, loop: boolean): Promise<EndReason | undefined> {
  const target = new PushTarget(url);
  const failure = (await target.started()) ?? (await sendFile(path, loop, target));
  target.finish();
  if (failure !== undefined) console.error(`${url}: ${failure.message} (${failure.detail ?? failure.code})`);
  return failure;
}

async function sendFile(path: string, loop: boolean, target: PushTarget): Promise<EndReason | undefined> {
  console.log(`publishing ${path} to ${target.url}`);
  const pump = new FlvFilePump({ path, loop, clock: systemClock, signal: target.signal });
  try {
    await pump.run((tag) => target.send(tag));
  } catch (error) {
    return endReasonOfError(error);
  }
  return target.failure;
}

/** An RTMP session in the words of a program that runs from top to bottom. */
class PushTarget {
  readonly url: string;
  readonly #session: RtmpClientSession;
  readonly #ended = new AbortController();
  #failure: EndReason | undefined;
  #wakeUp: () => void = () => {};

  constructor(url: string) {
    this.url = url;
    this.#session = new RtmpClientSession(
      { url, mode: 'publish', idleTimeoutMs: 0 },
      {
        started: () => this.#wakeUp(),
        drained: () => this.#wakeUp(),
        ended: (reason) => {
          this.#failure = reason;
          this.#ended.abort();
          this.#wakeUp();
        },
      },
    );
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  get failure(): EndReason | undefined {
    return this.#failure;
  }

  /** @returns why the server did not let us */
  async started(): Promise<EndReason | undefined> {
    await this.#wake();
    return this.#failure;
  }

  async send(tag: FlvTag): Promise<void> {
    const queuedBytes = this.#session.sendMedia(KIND[tag.type], tag.timestampMs, partsOf(tag));
    if (queuedBytes > HIGH_WATER_BYTES) await this.#wake();
  }

  finish(): void {
    this.#session.end(endReason('kicked'));
  }

  #wake(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeUp = resolve;
    });
  }
}

function partsOf(tag: FlvTag): Uint8Array[] {
  // Servers keep metadata for late viewers when it is set as a data frame.
  return tag.type === FlvTagType.script ? [SET_DATA_FRAME, tag.body] : [tag.body];
}
