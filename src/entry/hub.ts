/** Streams, publications, fan-out. */
export * from '../hub/fanout.ts';
export * from '../hub/flush-scheduler.ts';
export { type GopCacheLimits } from '../hub/gop-cache.ts';
export * from '../hub/live-stream.ts';
export * from '../hub/packager.ts';
export * from '../hub/publication.ts';
export * from '../hub/stream-directory.ts';
export * from '../hub/stream-hub.ts';
export * from '../hub/subscription.ts';
