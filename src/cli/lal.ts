/** The toolbox `lal`. Each command has its own file, which parses arguments, calls the library and prints. */
import { Command } from 'commander';
import { VERSION } from '../server/version.ts';
import { pushCommand } from './push.ts';
import { serveCommand } from './serve.ts';
import { signCommand } from './sign.ts';

const program = new Command('lal')
  .description('Live media server and tools for RTMP and HTTP-FLV')
  .version(VERSION, '-v, --version', 'print the version')
  .addCommand(serveCommand())
  .addCommand(pushCommand())
  .addCommand(signCommand());

await program.parseAsync();
