import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of this process that are in use: the JavaScript heap, and buffers outside of it. */
export async function usedMemory(): Promise<number> {
  // Buffers are freed a turn after the objects that held them.
  for (let round = 0; round < 4; round += 1) {
    collectGarbage();
    await turn();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Open TCP sockets of this process, of clients and servers alike. */
export function openSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}

/** Open UDP sockets of this process. */
export function openUdpSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'UDPWrap').length;
}

/** Resolves when no more sockets are open than that; a socket that was destroyed is closed some turns later. */
export async function untilOpenSockets(atMost: number): Promise<void> {
  const giveUpMs = performance.now() + 10_000;
  while (openSockets() > atMost) {
    if (performance.now() > giveUpMs) throw new Error(`${openSockets()} sockets are open, not ${atMost}`);
    await sleep(10);
  }
}
