import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hex } from '../../testing/hex.ts';
import { SEI_RECOVERY_POINT, seiPayload } from './sei-message.ts';

test.each([
  { name: 'alone in H.264', nal: '06 06 01 c4 80', headerBytes: 1, payload: 'c4' },
  { name: 'alone in H.265', nal: '4e01 06 01 d0 80', headerBytes: 2, payload: 'd0' },
  { name: 'behind another message', nal: '06 01 02 aabb 06 01 c4 80', headerBytes: 1, payload: 'c4' },
  { name: 'behind a type above 255', nal: '06 ff06 00 06 01 c4 80', headerBytes: 1, payload: 'c4' },
  {
    name: 'behind emulation prevention',
    nal: '06 05 03 0000 03 00 06 01 c4 80',
    headerBytes: 1,
    payload: 'c4',
  },
  { name: 'cut off', nal: '06 06 04 c480', headerBytes: 1, payload: 'c480' },
  {
    name: 'behind a size above 255',
    nal: `06 05 ff01 ${'ab'.repeat(256)} 06 01 c4 80`,
    headerBytes: 1,
    payload: 'c4',
  },
] as const)('finds a recovery point $name', ({ nal, headerBytes, payload }) => {
  expect(seiPayload(hex(nal), headerBytes, SEI_RECOVERY_POINT)).toEqual(hex(payload));
});

test.each([
  ['other messages', '06 05 02 0606 01 01 06 80'],
  ['nothing', '06'],
  ['a message whose type is cut off', '06 ffffff'],
  ['a message that lies behind long user data', `06 05 ffff05 ${'ab'.repeat(515)} 06 01 c4 80`],
])('finds none in %s', (_name, nal) => {
  expect(seiPayload(hex(nal), 1, SEI_RECOVERY_POINT)).toBeUndefined();
});

test('any bytes are searched to their end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (nal) => {
      const payload = seiPayload(nal, 1, SEI_RECOVERY_POINT);
      expect(payload === undefined || payload.length < nal.length).toBe(true);
    }),
  );
});
