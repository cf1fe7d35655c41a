import { setImmediate as turn } from 'node:timers/promises';
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

/** Open handles of this process by kind, timers apart: what must be back at its former number. */
export function openSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}
