import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DumpRecordType, parseDump } from '../../../container/laldump/dump-record.ts';
import { PullBench } from '../../../testing/pull-bench.ts';

const URL = 'rtsp://origin/a';

let folder: string;
let dumpPath: string;
let bench: PullBench;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lal-dump-'));
  dumpPath = join(folder, 'a.laldump');
  bench = new PullBench();
});
afterEach(() => rmSync(folder, { recursive: true }));

function receive(...packet: number[]): void {
  bench.source.request.dump!.write(DumpRecordType.rtspRtp, Uint8Array.from(packet));
}

/** Packets in the file, in order; a file header is `-1`. */
async function dumped(): Promise<number[]> {
  await bench.service.whenWritten();
  return parseDump(readFileSync(dumpPath)).map(({ type, body }) =>
    type === DumpRecordType.fileHeader ? -1 : body[0]!,
  );
}

test('a further try goes on in the file, one that brings nothing leaves it as it is, a new order begins it anew', async () => {
  bench.start({ url: URL, dumpPath, retryNum: 2 });
  receive(1);
  bench.source.fail('peer-reset');
  await bench.pass();
  bench.source.fail('connect-failed');
  await bench.pass();
  receive(2);
  bench.source.fail('peer-reset');
  expect(await dumped()).toEqual([-1, 1, -1, 2]);
  bench.start({ url: URL, dumpPath });
  receive(3);
  bench.service.stop('a');
  expect(await dumped()).toEqual([-1, 3]);
});

test('what is not pulled by RTSP has no dump', () => {
  bench.start({ url: 'rtmp://origin/live/a', dumpPath });
  expect([bench.source.request.dump, existsSync(dumpPath)]).toEqual([undefined, false]);
});
