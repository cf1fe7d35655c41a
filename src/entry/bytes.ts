/** Reading and writing bytes and bits. */
export * from '../bytes/bit-reader.ts';
export * from '../bytes/byte-reader.ts';
export * from '../bytes/byte-writer.ts';
export * from '../bytes/chunk-queue.ts';
export * from '../bytes/protocol-error.ts';
