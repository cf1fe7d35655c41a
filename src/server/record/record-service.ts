import { join, resolve } from 'node:path';
import type { LiveStream, OutputVariant } from '../../hub/live-stream.ts';
import type { StreamObserver } from '../../hub/stream-observer.ts';
import { endReason, type EndReason } from '../../media/end-reason.ts';
import { flvOutput } from '../../output/flv-output.ts';
import { FileNameTemplate } from '../../output/record/file-name.ts';
import { nodeFileSystem, type RecordFileSystem } from '../../output/record/file-system.ts';
import { flvRecordFormat } from '../../output/record/flv-record-format.ts';
import { RecordError } from '../../output/record/record-error.ts';
import type { RecordFormat, RecordKind } from '../../output/record/record-format.ts';
import { Recorder, type RecordedFile, type RecorderEvents } from '../../output/record/recorder.ts';
import { Retention } from '../../output/record/retention.ts';
import { tsRecordFormat } from '../../output/record/ts-record-format.ts';
import { tsOutput } from '../../output/ts-output.ts';
import { flvFanoutOptions, tsFanoutOptions } from '../output-options.ts';
import type { ServerContext } from '../server-context.ts';

/** A recording as the API and the log show it. */
export interface RecordingStatus {
  readonly streamKey: string;
  readonly kind: RecordKind;
  /** When the recording began, in milliseconds since 1970; its present file may be younger. */
  readonly startedMs: number;
  /** The file that grows; `undefined` between files, and when recording stands still because of `error`. */
  readonly path: string | undefined;
  readonly bytes: number;
  readonly durationMs: number;
  /** Bytes that wait for the disk. */
  readonly queuedBytes: number;
  readonly error: EndReason | undefined;
}

/** One kind of recording. What a reload may change is asked for when a recording begins. */
interface Output {
  readonly isOn: () => boolean;
  readonly folder: string;
  readonly format: RecordFormat;
  readonly variant: () => OutputVariant;
}

interface Recording {
  readonly recorder: Recorder;
  readonly startedMs: number;
  detach(): void;
}

/** What became of all recordings so far. */
export interface RecordCounters {
  /** Files that were closed. */
  readonly files: number;
  /** Bytes handed to files. */
  readonly bytes: number;
  /** Times that recording stood still because of the disk. */
  readonly failures: number;
}

const SWEEP_INTERVAL_MS = 60_000;

/** What recording needs of the server. */
export type RecordContext = Pick<ServerContext, 'config' | 'logger' | 'clock' | 'hub'>;

/** Records what is published: every stream when the config says so, single ones on request. */
export class RecordService implements StreamObserver {
  readonly #context: RecordContext;
  readonly #fileSystem: RecordFileSystem;
  readonly #outputs: Readonly<Record<RecordKind, Output>>;
  readonly #recordings = new Map<LiveStream, Map<RecordKind, Recording>>();
  /** Recorders that are writing their last bytes. */
  readonly #closing = new Map<Recorder, Promise<void>>();
  readonly #past: Record<RecordKind, { files: number; bytes: number; failures: number }> = {
    flv: { files: 0, bytes: 0, failures: 0 },
    mpegts: { files: 0, bytes: 0, failures: 0 },
  };
  readonly #stopObserving: () => void;
  #nextSweepMs = 0;
  #isSweeping = false;

  constructor(context: RecordContext, fileSystem: RecordFileSystem = nodeFileSystem) {
    const { config, hub } = context;
    const { record } = config;
    this.#context = context;
    this.#fileSystem = fileSystem;
    this.#outputs = {
      flv: {
        isOn: () => record.enable_flv,
        folder: resolve(record.flv_out_path),
        format: flvRecordFormat,
        variant: () => flvOutput('source', flvFanoutOptions(config)),
      },
      mpegts: {
        isOn: () => record.enable_mpegts,
        folder: resolve(record.mpegts_out_path),
        format: tsRecordFormat,
        variant: () => tsOutput(tsFanoutOptions(config)),
      },
    };
    this.#stopObserving = hub.observe(this);
  }

  /** Makes the folders of what is switched on. Failure is only logged: it may heal until somebody publishes. */
  async makeFolders(): Promise<void> {
    for (const { isOn, folder } of Object.values(this.#outputs)) {
      if (!isOn()) continue;
      try {
        await this.#fileSystem.makeFolder(folder);
      } catch (cause) {
        this.#logFailure(new RecordError('ERR_RECORD_OPEN', folder, cause), 'record folder not made');
      }
    }
  }

  publicationStarted(stream: LiveStream): void {
    for (const { isOn, format } of Object.values(this.#outputs)) {
      if (isOn()) this.#begin(stream, format.kind, true);
    }
  }

  publicationEnded(stream: LiveStream): void {
    for (const kind of this.#recordings.get(stream)?.keys() ?? []) this.#end(stream, kind);
  }

  /**
   * Records a stream that is being published, from its next key frame to the end of the publication.
   * @returns why not; a stream that is being recorded already is no error
   */
  start(streamKey: string, kind: RecordKind): EndReason | undefined {
    const stream = this.#context.hub.get(streamKey);
    if (stream?.publication === undefined) return endReason('stream-not-found');
    if (this.#recordings.get(stream)?.has(kind) !== true) this.#begin(stream, kind, false);
    return undefined;
  }

  /**
   * Ends a recording, whoever began it. Resolves when its file is closed.
   * @returns false when there was none
   */
  async stop(streamKey: string, kind: RecordKind): Promise<boolean> {
    const stream = this.#context.hub.get(streamKey);
    const recording = stream === undefined ? undefined : this.#recordings.get(stream)?.get(kind);
    if (stream === undefined || recording === undefined) return false;
    // What was received before the stop belongs to the file.
    stream.flush();
    this.#end(stream, kind);
    await this.#closing.get(recording.recorder);
    return true;
  }

  /** What is being recorded right now. */
  get recordings(): readonly RecordingStatus[] {
    return [...this.#recordings].flatMap(([{ key }, kinds]) =>
      [...kinds].map(([kind, { recorder, startedMs }]) => ({
        streamKey: key,
        kind,
        startedMs,
        path: recorder.current?.path,
        bytes: recorder.current?.bytes ?? 0,
        durationMs: recorder.current?.durationMs ?? 0,
        queuedBytes: recorder.queuedBytes,
        error: recorder.error?.endReason,
      })),
    );
  }

  /** Of recordings of one kind, those under way included. */
  countersOf(kind: RecordKind): RecordCounters {
    const past = this.#past[kind];
    let { bytes } = past;
    for (const kinds of this.#recordings.values()) bytes += kinds.get(kind)?.recorder.takenBytes ?? 0;
    return { ...past, bytes };
  }

  /** Removes old recordings now and then; to be called about once a second. */
  tick(nowMs: number): void {
    if (this.#isSweeping || nowMs < this.#nextSweepMs) return;
    const retention = this.#retention();
    if (retention.isOff) return;
    this.#nextSweepMs = nowMs + SWEEP_INTERVAL_MS;
    this.#isSweeping = true;
    void this.#sweep(retention).finally(() => (this.#isSweeping = false));
  }

  /** Ends all recordings. Resolves when their files are closed, which a sick disk may never do. */
  async close(): Promise<void> {
    this.#stopObserving();
    for (const stream of this.#recordings.keys()) this.publicationEnded(stream);
    await Promise.all(this.#closing.values());
  }

  #begin(stream: LiveStream, kind: RecordKind, isFromStart: boolean): void {
    const { config, clock } = this.#context;
    const { record } = config;
    const { folder, format, variant } = this.#outputs[kind];
    const template = new FileNameTemplate(record.file_name);
    const recorder = new Recorder({
      format,
      fileSystem: this.#fileSystem,
      clock,
      pathOf: (segment) => {
        const name = template.pathOf({ streamKey: stream.key, wallMs: clock.wallMs(), segment });
        return join(folder, `${name}.${format.extension}`);
      },
      segments: { durationMs: record.segment_duration_ms, bytes: record.segment_bytes },
      maxQueueBytes: record.queue_bytes,
      isFromStart,
      events: this.#eventsFor(stream.key, kind),
    });
    const detach = stream.attachConsumer(variant(), recorder);
    const kinds = this.#recordings.get(stream) ?? new Map<RecordKind, Recording>();
    kinds.set(kind, { recorder, startedMs: clock.wallMs(), detach });
    this.#recordings.set(stream, kinds);
  }

  #end(stream: LiveStream, kind: RecordKind): void {
    const kinds = this.#recordings.get(stream);
    const recording = kinds?.get(kind);
    if (kinds === undefined || recording === undefined) return;
    kinds.delete(kind);
    if (kinds.size === 0) this.#recordings.delete(stream);
    recording.detach();
    const { recorder } = recording;
    this.#past[kind].bytes += recorder.takenBytes;
    this.#closing.set(
      recorder,
      recorder.close().finally(() => this.#closing.delete(recorder)),
    );
  }

  #eventsFor(streamKey: string, kind: RecordKind): RecorderEvents {
    const { logger } = this.#context;
    const about = { stream: streamKey, record: kind };
    return {
      opened: (path) => logger.info({ ...about, path }, 'record start'),
      finished: ({ path, bytes, durationMs, cause, error }: RecordedFile) => {
        const end = { ...about, path, bytes, durationMs, cause };
        if (path !== undefined) this.#past[kind].files += 1;
        if (error === undefined) logger.info(end, 'record end');
        else logger.warn({ ...end, ...logged(error.endReason) }, 'record end');
      },
      failed: (error, retryMs) => {
        this.#past[kind].failures += 1;
        logger.error({ ...about, path: error.path, ...logged(error.endReason), retryMs }, 'record failed');
      },
    };
  }

  #retention(): Retention {
    const { record, hls } = this.#context.config;
    const template = new FileNameTemplate(record.file_name);
    const folders = Object.values(this.#outputs).map(({ folder, format }) => ({
      path: folder,
      pattern: template.pattern(format.extension),
    }));
    return new Retention(this.#fileSystem, folders, {
      maxAgeMs: record.retention_sec * 1000,
      maxBytes: record.retention_bytes,
      foreignFolders: [resolve(hls.out_path)],
    });
  }

  async #sweep(retention: Retention): Promise<void> {
    const { clock, logger } = this.#context;
    const isOpen = (path: string): boolean => this.#openPaths.has(path);
    const { removed, errors } = await retention.sweep(clock.wallMs(), isOpen);
    for (const path of removed) logger.info({ path }, 'record removed');
    for (const error of errors) this.#logFailure(error, 'record not removed');
  }

  #logFailure(error: RecordError, what: string): void {
    this.#context.logger.error({ path: error.path, ...logged(error.endReason) }, what);
  }

  get #openPaths(): Set<string> {
    const active = [...this.#recordings.values()].flatMap((kinds) => [...kinds.values()]);
    const recorders = [...active.map(({ recorder }) => recorder), ...this.#closing.keys()];
    return new Set(recorders.flatMap((recorder) => recorder.openPaths));
  }
}

function logged({ code, detail, message }: EndReason): {
  code: string;
  detail: string | undefined;
  reason: string;
} {
  return { code, detail, reason: message };
}
