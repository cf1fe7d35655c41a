import { expect, test } from 'vitest';
import { g711Config } from './g711-config.ts';

test('is mono at 8 kHz unless told otherwise', () => {
  expect(g711Config('g711a')).toEqual({
    kind: 'audio',
    codec: 'g711a',
    codecString: 'alaw',
    description: new Uint8Array(0),
    sampleRate: 8000,
    channels: 1,
  });
  expect(g711Config('g711u', 16_000, 2)).toMatchObject({
    codecString: 'ulaw',
    sampleRate: 16_000,
    channels: 2,
  });
});
