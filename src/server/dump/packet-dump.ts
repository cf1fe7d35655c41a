import { constants, createWriteStream, fstatSync, mkdirSync, openSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Logger } from 'pino';
import { DumpRecordType, serializeDumpRecord } from '../../container/laldump/dump-record.ts';
import type { Clock } from '../../media/clock.ts';
import { SERVER_NAME } from '../http/http-headers.ts';

/** What may wait for the disk; a dump is for looking at, and is not worth more memory. */
const MAX_QUEUE_BYTES = 16 << 20;
/** An hour of 18 Mbit/s: nobody looks at more, and somebody may forget that it runs. */
const MAX_FILE_BYTES = 8 * 2 ** 30;

const APPEND_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;

/** What a dump needs of its surroundings. */
export interface PacketDumpContext {
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly logger: Logger;
}

/** Writes what a session receives into a `.laldump` file. Trouble with the disk ends the dump, never the session. */
export class PacketDump {
  readonly #path: string;
  readonly #context: PacketDumpContext;
  readonly #file: WriteStream | undefined;
  /** Nothing is written before: the dump that this one goes on behind may still wait for the disk. */
  readonly #turn: Promise<void>;
  #bytes = 0;
  /** The record that names the program is there; a sequel in which nothing comes has none. */
  #isBegun = false;
  #isOver = false;
  #hasFailed = false;

  /**
   * Makes the file, and its folders.
   * @param path from `dumpPathOf`
   * @param former has written into the same file, and is closed: what is there is gone on behind; else it is overwritten
   */
  constructor(path: string, context: PacketDumpContext, former?: PacketDump) {
    this.#path = path;
    this.#context = context;
    this.#turn = former?.close() ?? Promise.resolve();
    try {
      mkdirSync(dirname(path), { recursive: true });
      const fd = openSync(path, former === undefined ? APPEND_FLAGS | constants.O_TRUNC : APPEND_FLAGS);
      this.#bytes = fstatSync(fd).size;
      this.#file = createWriteStream(path, { fd });
      this.#file.on('error', (error) => this.#giveUp(error.message));
      if (former === undefined) this.#begin();
      else this.#waitFor(this.#file);
    } catch (error) {
      this.#giveUp((error as Error).message);
    }
  }

  /** @param body copied */
  write(type: DumpRecordType, body: Uint8Array): void {
    if (this.#isOver || this.#file === undefined) return;
    if (this.#file.writableLength > MAX_QUEUE_BYTES) {
      this.#giveUp('the disk is too slow');
      return;
    }
    if (this.#bytes > MAX_FILE_BYTES) {
      this.#giveUp('the file is large enough');
      return;
    }
    if (!this.#isBegun) this.#begin();
    this.#append(type, body);
  }

  /** Resolves when everything is written, or cannot be. */
  async close(): Promise<void> {
    this.#isOver = true;
    if (this.#file === undefined) return;
    await this.#turn;
    this.#file.end();
    // What went wrong has been logged.
    await finished(this.#file).catch(() => undefined);
  }

  #waitFor(file: WriteStream): void {
    file.cork();
    void this.#turn.then(() => file.uncork());
  }

  #begin(): void {
    this.#isBegun = true;
    this.#append(DumpRecordType.fileHeader, Buffer.from(SERVER_NAME));
  }

  #append(type: DumpRecordType, body: Uint8Array): void {
    const record = serializeDumpRecord({ type, wallMs: this.#context.clock.wallMs(), body });
    this.#bytes += record.length;
    this.#file?.write(record);
  }

  #giveUp(reason: string): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#isOver = true;
    this.#context.logger.warn({ path: this.#path, bytes: this.#bytes, reason }, 'dump ended early');
    void this.#turn.then(() => this.#file?.end());
  }
}
