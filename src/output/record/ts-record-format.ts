import type { RecordFormat } from './record-format.ts';

/** A transport stream has no head and needs no end: it is the packager's bytes. */
export const tsRecordFormat: RecordFormat = {
  kind: 'mpegts',
  extension: 'ts',
  begin: ({ fileHeader = new Uint8Array(0), headers }) => ({
    opening: [fileHeader, headers],
    firstUnits: (bytes) => [bytes],
    randomAccess() {},
    completion: () => [],
  }),
};
