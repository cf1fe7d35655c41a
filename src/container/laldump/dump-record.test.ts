import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { toHex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { DumpRecordType, parseDump, serializeDumpRecord } from './dump-record.ts';

const record = { type: DumpRecordType.rtspSdp, wallMs: 1_700_000_000_123, body: Uint8Array.of(1, 2, 3) };

test("a record has lal's header and the body behind it", () => {
  expect(toHex(serializeDumpRecord(record))).toBe(
    '00000003 00000012 00000003 0000018bcfe5687b 4c414c44 010203'.replaceAll(' ', ''),
  );
});

test('records are read back, but for one that was cut off', () => {
  const packet = { type: DumpRecordType.rtspRtp, wallMs: 2 ** 33 + 5, body: new Uint8Array(0) };
  const bytes = Buffer.concat([record, packet, record].map(serializeDumpRecord));
  expect(parseDump(Uint8Array.from(bytes.subarray(0, -1)))).toEqual([record, packet]);
});

test('other bytes are refused', () => {
  expect(codeOf(() => parseDump(new Uint8Array(24)))).toBe('ERR_LALDUMP');
});

test('whatever the bytes are, they are a dump or refused', () => {
  fc.assert(
    fc.property(damagedBytes([serializeDumpRecord(record)]), (bytes) => {
      expect([undefined, 'ERR_LALDUMP']).toContain(codeOf(() => parseDump(bytes)));
    }),
  );
});
