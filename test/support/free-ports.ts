import { createServer } from 'node:net';

/**
 * Below the range that the kernel hands out to outgoing connections (32768 on), one block per vitest worker: two
 * test files never take the same port, and no client socket sits on one.
 */
const firstPort = 21_000;
const portsPerWorker = 500;

const worker = Number(process.env['VITEST_POOL_ID'] ?? 0) % 20;
let next = Math.floor(Math.random() * portsPerWorker);

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** A TCP port on 127.0.0.1 that nothing listens on; not given out again soon. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < portsPerWorker; tries += 1) {
    const port = firstPort + worker * portsPerWorker + (next++ % portsPerWorker);
    if (await isFree(port)) return port;
  }
  throw new Error(`all ${portsPerWorker} ports of worker ${worker} are taken`);
}
