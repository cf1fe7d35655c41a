import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import type { Scope } from './scope.ts';

/** A plain web server for the files of a folder. */
export class FileServer {
  /** Paths that were asked for, in order. */
  readonly requests: string[] = [];
  readonly port: number;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(scope: Scope, folder: string): Promise<FileServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    scope.defer(() => {
      server.close();
      server.closeAllConnections();
    });
    const files = new FileServer((server.address() as AddressInfo).port);
    server.on('request', ({ url = '/' }, response) => {
      files.requests.push(url);
      try {
        response.end(readFileSync(join(folder, normalize(url))));
      } catch {
        response.writeHead(404).end();
      }
    });
    return files;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}/${path}`;
  }
}
