import { setFlagsFromString } from 'node:v8';

/**
 * Tells V8 how a media server uses memory. Nearly all of it is bytes outside the JavaScript heap that live for a moment, and
 * by default 64 MiB of them start a full collection: with 50 recorded streams one or two a second, for a quarter of the
 * processor's time. So these bytes count as the heap's own, and memory may grow to three times of what is in use before it
 * is collected. A fixed factor also keeps small servers small. To be called before anything else has grown the heap.
 */
export function setHeapFlags(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  setFlagsFromString('--heap-growing-percent=200');
}
