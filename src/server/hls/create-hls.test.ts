import { expect, test } from 'vitest';
import { ApiBench } from '../../testing/api-bench.ts';
import { frameOf, videoTrack } from '../../testing/hub-kit.ts';
import { parsePrometheusText } from '../../testing/prometheus-text.ts';
import { settled } from '../../testing/settled.ts';

const MEBIBYTE = 1_048_576;

test('a lower limit of memory is kept to from the next fragment on', async () => {
  const bench = new ApiBench({
    hls: { enable: true, http_listen_addr: ':0', use_memory_as_disk_flag: true },
  });
  const heldBytes = async (): Promise<number> => {
    const { text } = await bench.context.metrics.text();
    return parsePrometheusText(text).get('lal_hls_memory_bytes')!.samples[0]!.value;
  };
  const publication = bench.publish();
  const track = videoTrack();
  const send = async (fromSec: number, toSec: number): Promise<void> => {
    for (let second = fromSec; second < toSec; second += 1) {
      publication.write(frameOf(track, second * 1000, { isKey: true, bytes: 200_000 }));
      bench.clock.advance(1000);
      await settled();
    }
  };
  await send(0, 12);
  expect(await heldBytes()).toBeGreaterThan(MEBIBYTE);
  bench.configText = JSON.stringify({
    hls: { enable: true, http_listen_addr: ':0', use_memory_as_disk_flag: true },
    limits: { hls_memory_bytes: MEBIBYTE },
  });
  expect(bench.context.configReloader.readAgain()).toMatchObject({ needsRestart: [] });
  await send(12, 20);
  expect(await heldBytes()).toBeGreaterThan(0);
  expect(await heldBytes()).toBeLessThan(MEBIBYTE);
  await bench.close();
});
