import type { Logger } from 'pino';
import { formatFinding } from '../server/config/config-finding.ts';
import { effectiveConfigJson } from '../server/config/effective-config.ts';
import type { ConfigSource } from '../server/config/config-reloader.ts';
import type { LoadedConfig } from '../server/config/load-config.ts';
import type { ServerConfig } from '../server/config/server-config.ts';
import { createLogger, type OpenLogger } from '../server/logging/create-logger.ts';
import { createFaultHandler } from '../server/logging/internal-fault.ts';
import { VERSION } from '../server/version.ts';
import { setHeapFlags } from './heap-settings.ts';
import { onSignals } from './signals.ts';

/** A stop takes at most this long, whatever the peers do; users are promised 5 s. */
const LONGEST_STOP_MS = 4800;

/** What this file needs to know of a server. */
export interface RunnableServer {
  /** In force now. */
  readonly config: ServerConfig;
  start(): Promise<void>;
  close(): Promise<void>;
  reloadFromSource(): unknown;
  onConfigChange(listener: (changedKeys: ReadonlySet<string>) => void): unknown;
}

/** What a server is made with. */
interface ServerMaterial {
  readonly logger: Logger;
  readonly configSource?: ConfigSource;
  readonly lostLogLines: () => number;
}

/** How to make the server, and what to do around it. */
export interface RunOptions<Server extends RunnableServer> {
  readonly create: (config: ServerConfig, options: ServerMaterial) => Server;
  /** Reads the config anew; none: it came from no file. */
  readonly configSource?: ConfigSource | undefined;
  /** Called when every port is open. */
  readonly onStarted?: (server: Server, logger: Logger) => void;
}

/**
 * Runs a server in this process until a signal stops it: log, faults, signals, exit status. The process ends with 0
 * after a stop, with 1 when a port cannot be opened.
 */
export async function runServer<Server extends RunnableServer>(
  { config, warnings }: LoadedConfig,
  { create, configSource, onStarted }: RunOptions<Server>,
): Promise<void> {
  setHeapFlags();
  const log = createLogger(config.log);
  const { logger } = log;
  const exit = (status: number): void => {
    log.flushSync();
    process.exit(status);
  };
  const fault = createFaultHandler(() => log.config.assert_behavior, logger, exit);
  process.on('exit', () => log.flushSync());
  process.on('uncaughtException', (error) => fault(error, 'the process'));
  process.on('unhandledRejection', (error) => fault(error, 'a promise'));

  const end = async (status: number): Promise<void> => {
    await server.close();
    await log.close();
    process.exit(status);
  };
  const stop = (signal: string): void => {
    logger.info(`${signal}: stopping`);
    setTimeout(() => {
      logger.warn('stopping takes too long: giving up on the rest');
      exit(0);
    }, LONGEST_STOP_MS).unref();
    void end(0);
  };
  const reload = (): void => {
    // Whoever rotates log files from outside sends the same signal.
    log.reopen();
    logger.info('SIGHUP: reading the config again');
    server.reloadFromSource();
  };
  onSignals({ stop, reload });

  const { version, platform, arch } = process;
  logger.info(
    `lal-ts ${VERSION}, Node.js ${version}, ${platform} ${arch}, pid ${process.pid}, in ${process.cwd()}`,
  );
  for (const warning of warnings) logger.warn(formatFinding(warning));
  logger.debug({ config: JSON.parse(effectiveConfigJson(config)) as unknown }, 'config loaded');
  const server = create(config, {
    logger,
    ...(configSource && { configSource }),
    lostLogLines: () => log.lostLines,
  });
  server.onConfigChange(() => log.reconfigure(server.config.log));
  try {
    await server.start();
  } catch (error) {
    await reportFailedStart(error, log, config);
    process.exit(1);
  }
  // What is printed now comes after the lines about the start.
  await log.flush();
  onStarted?.(server, logger);
}

/** To the log and to the person at the terminal, without saying it there twice. */
async function reportFailedStart(error: unknown, log: OpenLogger, config: ServerConfig): Promise<void> {
  const text = error instanceof Error ? error.message : String(error);
  // A missing port is explained by its message; anything else is a fault of ours, which needs its stack.
  const isExpected = error instanceof Error && 'code' in error && error.code === 'ERR_LISTEN';
  log.logger.fatal(isExpected ? {} : { err: error }, `cannot start: ${text}`);
  await log.close();
  if (!config.log.is_to_stdout || config.log.level > 5) process.stderr.write(`cannot start: ${text}\n`);
}
