import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DumpRecordType, parseDump } from '../../container/laldump/dump-record.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { PacketDump } from './packet-dump.ts';

let folder: string;
let log: string[];
const clock = new FakeClock();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lal-dump-'));
  log = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(path: string, former?: PacketDump): PacketDump {
  const logger = pino(
    {},
    { write: (line: string) => void log.push((JSON.parse(line) as { msg: string }).msg) },
  );
  return new PacketDump(path, { clock, logger }, former);
}

test('a dump begins with the name of the program, and has every packet with its time', async () => {
  const path = join(folder, 'cam', 'a.laldump');
  const dump = open(path);
  dump.write(DumpRecordType.rtspSdp, Buffer.from('v=0'));
  dump.write(DumpRecordType.rtspRtp, Uint8Array.of(0x80, 0x60));
  await dump.close();
  dump.write(DumpRecordType.rtspRtp, Uint8Array.of(1));
  const records = parseDump(readFileSync(path));
  expect(records.map(({ type }) => type)).toEqual([49, 18, 17]);
  expect(Buffer.from(records[0]!.body).toString()).toMatch(/^lal\d/);
  expect(records[2]!.wallMs).toBe(clock.wallMs());
  expect([...records[2]!.body]).toEqual([0x80, 0x60]);
  expect(log).toEqual([]);
});

test('a file that cannot be made costs a line of the log, once', async () => {
  writeFileSync(join(folder, 'file'), '');
  for (const path of [join(folder, 'file', 'a.laldump'), folder]) {
    const dump = open(path);
    dump.write(DumpRecordType.rtspRtp, Uint8Array.of(1));
    await dump.close();
    dump.write(DumpRecordType.rtspRtp, Uint8Array.of(1));
  }
  expect(log).toEqual(['dump ended early', 'dump ended early']);
});

test('a dump that is begun anew overwrites what is there, a sequel goes on behind it', async () => {
  const path = join(folder, 'a.laldump');
  writeFileSync(path, 'not a dump');
  const first = open(path);
  first.write(DumpRecordType.rtspRtp, new Uint8Array(1_000_000).fill(1));
  const firstEnded = first.close();
  const second = open(path, first);
  second.write(DumpRecordType.rtspRtp, Uint8Array.of(2));
  await Promise.all([firstEnded, second.close()]);
  const records = parseDump(readFileSync(path));
  expect(records.map(({ type }) => type)).toEqual([49, 17, 49, 17]);
  expect(records.flatMap(({ type, body }) => (type === 17 ? [body[0]] : []))).toEqual([1, 2]);
  const other = join(folder, 'b.laldump');
  await open(other, first).close();
  expect(readFileSync(other)).toHaveLength(0);
  expect(log).toEqual([]);
});
