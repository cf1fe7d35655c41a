import { expect, test } from 'vitest';
import { codecProfileOf } from './codec-profile.ts';

test.each([
  ['avc1.64001f', 'High', '3.1'],
  ['avc1.42c01e', 'Constrained Baseline', '3.0'],
  ['avc1.42001E', 'Baseline', '3.0'],
  ['avc1.4d4028', 'Main', '4.0'],
  ['avc1.42e009', 'Constrained Baseline', '1b'],
  ['avc1.7a0033', 'High 4:2:2', '5.1'],
  ['avc1.ff0033', '255', '5.1'],
  ['avc1.64', '', ''],
  ['hev1.1.6.L93.B0', 'Main', '3.1'],
  ['hvc1.2.4.H153.B0', 'Main 10', '5.1 High tier'],
  ['hev1.1.6', '', ''],
  ['av01.0.04M.08', 'Main', '3.0'],
  ['av01.1.13H.10', 'High', '5.1 High tier'],
  ['vp09.00.10.08', '0', '1.0'],
  ['vp09.02.51.10', '2', '5.1'],
  ['mp4a.40.2', 'LC', ''],
  ['mp4a.40.5', 'HE', ''],
  ['mp4a.40.29', 'HE v2', ''],
  ['opus', '', ''],
  ['', '', ''],
])('%s is profile "%s", level "%s"', (codecString, profile, level) => {
  expect(codecProfileOf(codecString)).toEqual({ profile, level });
});
