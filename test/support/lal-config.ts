/** Config files of lal, as it ships them or would have: run as they are, on free ports. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-ports.ts';
import { startProgram } from './program.ts';
import type { Program } from './program.ts';
import { certificateFile, certificateKeyFile, projectRoot } from './project.ts';
import type { Scope } from './scope.ts';
import { portsOpen, serverCommand } from './server.ts';

/** By the port that a file says, the one that is used in its place; files that speak of each other share it. */
export class PortMap {
  readonly #ports: Map<number, number>;

  constructor(known: Iterable<readonly [number, number]> = []) {
    this.#ports = new Map(known);
  }

  async of(written: number): Promise<number> {
    const port = this.#ports.get(written) ?? (await freePort());
    this.#ports.set(written, port);
    return port;
  }

  /** The same text with other ports, all on 127.0.0.1. */
  async replaceIn(text: string): Promise<string> {
    const address = /(?<=")(?:127\.0\.0\.1)?:(\d+)|127\.0\.0\.1:(\d+)/g;
    let replaced = '';
    let at = 0;
    for (const match of text.matchAll(address)) {
      const port = await this.of(Number(match[1] ?? match[2]));
      replaced += `${text.slice(at, match.index)}127.0.0.1:${port}`;
      at = match.index + match[0].length;
    }
    return replaced + text.slice(at);
  }
}

/**
 * Starts lalserver with a file of test/fixtures/configs in a folder of its own, in which lal's certificate is where lal has
 * it, and waits until it listens. It ends with the scope at the latest.
 * @param listening ports of the file on which it has to listen
 */
export async function startWithLalConfig(
  scope: Scope,
  name: string,
  ports: PortMap,
  listening: readonly number[],
): Promise<Program> {
  const folder = join(scope.folder(), name);
  mkdirSync(join(folder, 'conf'), { recursive: true });
  copyFileSync(certificateFile, join(folder, 'conf', 'cert.pem'));
  copyFileSync(certificateKeyFile, join(folder, 'conf', 'key.pem'));
  const file = `${name}.conf.json`;
  const text = readFileSync(join(projectRoot, 'test', 'fixtures', 'configs', file), 'utf8');
  writeFileSync(join(folder, 'conf', file), await ports.replaceIn(text));
  const [command, args] = serverCommand('-c', join('conf', file));
  const program = startProgram(scope, command, args, { cwd: folder });
  await portsOpen(program, await Promise.all(listening.map((port) => ports.of(port))));
  return program;
}
