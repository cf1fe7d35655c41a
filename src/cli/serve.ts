import { Command } from 'commander';
import { builtInConfig } from '../server/config/built-in-config.ts';
import { loadConfigFile } from '../server/config/load-config.ts';
import { createServer } from '../server/media-server.ts';
import { startDemoStream } from './demo-stream.ts';
import { loadOrExplain } from './load-or-explain.ts';
import { runServer } from './run-server.ts';
import { welcomeText } from './welcome-text.ts';

/** `lal serve`: the server with its built-in config, or with a file, and with words for a newcomer. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('run the media server; without a config file it uses a built-in one')
    .option('-c, --config <file>', "config file, lal's format")
    .option('--demo', 'also play a sample stream, to watch without a camera', false)
    .action(async ({ config: file, demo }: { config?: string; demo: boolean }) => {
      const loaded = file === undefined ? { config: builtInConfig(), warnings: [] } : loadOrExplain(file);
      if (loaded === undefined) {
        process.exitCode = 1;
        return;
      }
      await runServer(loaded, {
        create: createServer,
        configSource: file === undefined ? undefined : () => loadConfigFile(file),
        onStarted(server, logger) {
          process.stdout.write(welcomeText(loaded.config, demo));
          if (demo) void startDemoStream(server, logger);
        },
      });
    });
}
