import type { G711Config } from '../codec-config.ts';

/** G.711 has no other rate; some devices use it all the same. */
const G711_SAMPLE_RATE = 8000;

const NO_DESCRIPTION: Uint8Array = new Uint8Array(0);

/**
 * The config of G.711 (ITU-T G.711): A-law or mu-law, 8 bits a sample, channels interleaved.
 * @param sampleRate hertz
 */
export function g711Config(
  codec: 'g711a' | 'g711u',
  sampleRate: number = G711_SAMPLE_RATE,
  channels = 1,
): G711Config {
  return {
    kind: 'audio',
    codec,
    codecString: codec === 'g711a' ? 'alaw' : 'ulaw',
    description: NO_DESCRIPTION,
    sampleRate,
    channels,
  };
}
