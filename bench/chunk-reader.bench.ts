/** Chunk parsing, the first thing that happens to every byte of a publisher. Run: `node bench/chunk-reader.bench.ts` */
import { Bench } from 'tinybench';
import { ChunkReader } from '../src/protocol/rtmp/chunk-reader.ts';
import { serializeChunkedMessage } from '../src/protocol/rtmp/chunk-writer.ts';

/** What one socket read usually brings. */
const READ_SIZE = 65_536;
const KILOBYTE = 1024;

/** Set Chunk Size, so that the reader expects chunks of that size. */
function setChunkSize(chunkSize: number): Uint8Array {
  const payload = new Uint8Array(4);
  new DataView(payload.buffer).setUint32(0, chunkSize);
  return serializeChunkedMessage({ chunkStreamId: 2, typeId: 1, streamId: 0, timestamp: 0 }, [payload], 128);
}

/** One message, cut into chunks and into socket reads. */
function reads(messageLength: number, chunkSize: number, timestamp: number): Uint8Array[] {
  const header = { chunkStreamId: 7, typeId: 9, streamId: 1, timestamp };
  const payload = new Uint8Array(messageLength).fill(0xab);
  const bytes = serializeChunkedMessage(header, [payload], chunkSize);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += READ_SIZE) pieces.push(bytes.subarray(at, at + READ_SIZE));
  return pieces;
}

const bench = new Bench({ time: 500, warmupTime: 100 });
const bytesOfTask = new Map<string, number>();

for (const chunkSize of [128, 4096, 65_536]) {
  for (const messageLength of [400, 16 * KILOBYTE, 200 * KILOBYTE]) {
    for (const timestamp of messageLength > 16 * KILOBYTE ? [1000, 0x1000000] : [1000]) {
      const reader = new ChunkReader();
      reader.receive(setChunkSize(chunkSize));
      const pieces = reads(messageLength, chunkSize, timestamp);
      const extended = timestamp < 0xffffff ? '' : ', extended timestamp';
      const name = `${messageLength} bytes in chunks of ${chunkSize}${extended}`;
      bytesOfTask.set(name, messageLength);
      bench.add(name, () => {
        for (const piece of pieces) reader.receive(piece);
        if (reader.nextMessage() === undefined) throw new Error('the message did not come out');
      });
    }
  }
}

await bench.run();
console.table(
  bench.tasks.map((task) => {
    const { result } = task;
    if (!('latency' in result)) return { task: task.name, state: result.state };
    const microseconds = result.latency.mean * 1000;
    const megabytesPerSecond = bytesOfTask.get(task.name)! / microseconds;
    return {
      task: task.name,
      'µs/message': microseconds.toFixed(2),
      'MB/s': Math.round(megabytesPerSecond),
      'margin of error': `±${result.latency.rme.toFixed(1)} %`,
    };
  }),
);
