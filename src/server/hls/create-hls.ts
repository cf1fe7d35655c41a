import type { Logger } from 'pino';
import { DiskStorage } from '../../output/hls/disk-storage.ts';
import type { HlsObserver } from '../../output/hls/hls-options.ts';
import { HlsOutput } from '../../output/hls/hls-output.ts';
import { hlsSettings } from '../../output/hls/hls-settings.ts';
import type { HlsStorage } from '../../output/hls/hls-storage.ts';
import { MemoryStorage } from '../../output/hls/memory-storage.ts';
import { tsOutput } from '../../output/ts-output.ts';
import type { ServerConfig } from '../config/server-config.ts';
import { HlsService } from './hls-service.ts';
import { tsFanoutOptions } from '../output-options.ts';
import type { ServerContext } from '../server-context.ts';
import { FileCache } from './file-cache.ts';
import { HlsFiles } from './hls-files.ts';

/** HLS of one server: what makes the files, and what serves them. */
export interface Hls {
  readonly output: HlsOutput;
  readonly service: HlsService;
  /** Bytes of files in memory. */
  readonly memory: {
    /** Copies of what is on disk. */
    readonly cachedBytes: number;
    /** All there is, with `hls.use_memory_as_disk_flag`. */
    readonly storedBytes: number;
  };
}

/**
 * Either switch makes fragments; `undefined` when both are off.
 * @param observers told what happens to files, beside the log
 */
export function createHls(
  context: ServerContext,
  observers: readonly Partial<HlsObserver>[] = [],
): Hls | undefined {
  const { config, configStore, clock, logger, hub } = context;
  if (!config.hls.enable && !config.hls.enable_https) return undefined;
  const storage = createStorage(config, context);
  const output = new HlsOutput({
    settings: hlsSettings(config.hls, () => config.in_session.grace_ms),
    storage,
    clock,
    variant: () => tsOutput(tsFanoutOptions(config)),
    observer: severalObservers([loggingObserver(logger), ...observers]),
    isAutomatic: () => config.hls.auto_start,
  });
  if (storage instanceof MemoryStorage) forgetEvicted(storage, output, logger);
  hub.observe(output);
  const cache = new FileCache(config.limits.hls_cache_bytes);
  configStore.onChange(() => {
    cache.maxBytes = config.limits.hls_cache_bytes;
    if (storage instanceof MemoryStorage) storage.maxBytes = config.limits.hls_memory_bytes;
  });
  const files = new HlsFiles(output, storage, cache, clock);
  const memory = {
    get cachedBytes() {
      return cache.bytes + files.listBytes;
    },
    get storedBytes() {
      return storage instanceof MemoryStorage ? storage.bytes : 0;
    },
  };
  return { output, service: new HlsService(context, files), memory };
}

function createStorage(config: ServerConfig, { clock }: ServerContext): HlsStorage {
  return config.hls.use_memory_as_disk_flag
    ? new MemoryStorage(config.limits.hls_memory_bytes, () => clock.wallMs())
    : new DiskStorage(config.hls.out_path);
}

function forgetEvicted(storage: MemoryStorage, output: HlsOutput, logger: Logger): void {
  let isSaid = false;
  storage.onEvicted = (folder, name) => {
    if (name.endsWith('.ts')) output.get(folder)?.fragmentEvicted();
    if (isSaid) return;
    isSaid = true;
    const remedy = 'set hls.cleanup_mode to 2, or raise the limit';
    logger.warn(
      { code: 'ERR_HLS_MEMORY_FULL', folder, name },
      `hls: the oldest files are given up; ${remedy}`,
    );
  };
}

function loggingObserver(logger: Logger): HlsObserver {
  return {
    fragmentOpened: ({ streamKey, name }) => logger.trace({ stream: streamKey, name }, 'hls fragment opened'),
    fragmentClosed: ({ streamKey, name, durationMs }) =>
      logger.debug({ stream: streamKey, name, durationMs }, 'hls fragment closed'),
    failed: (streamKey, { code, detail, message }) =>
      logger.error({ stream: streamKey, code, detail }, `hls: ${message}; the live stream goes on`),
    recovered: (streamKey, lostFragments) =>
      logger.info({ stream: streamKey, lostFragments }, 'hls: files are written again'),
  };
}

function severalObservers(observers: readonly Partial<HlsObserver>[]): HlsObserver {
  return {
    fragmentOpened(event) {
      for (const observer of observers) observer.fragmentOpened?.(event);
    },
    fragmentClosed(event) {
      for (const observer of observers) observer.fragmentClosed?.(event);
    },
    failed(streamKey, failure) {
      for (const observer of observers) observer.failed?.(streamKey, failure);
    },
    recovered(streamKey, lostFragments) {
      for (const observer of observers) observer.recovered?.(streamKey, lostFragments);
    },
  };
}
