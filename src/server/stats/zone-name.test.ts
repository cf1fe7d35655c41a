import { expect, test } from 'vitest';
import { zoneNameIn } from './zone-name.ts';

function fileEndingIn(line: string): Uint8Array {
  return Buffer.from(`TZif2\0\0\xff\n${line}\n`, 'latin1');
}

test.each([
  ['CST-8', 480, 'CST'],
  ['CST-8', 540, undefined],
  ['UTC0', 0, 'UTC'],
  ['<+08>-8', 480, '+08'],
  ['<+0545>-5:45', 345, '+0545'],
  ['<-03>3', -180, '-03'],
  ['EST5EDT,M3.2.0,M11.1.0', -300, 'EST'],
  ['EST5EDT,M3.2.0,M11.1.0', -240, 'EDT'],
  ['GMT0BST,M3.5.0/1,M10.5.0', 0, 'GMT'],
  ['GMT0BST,M3.5.0/1,M10.5.0', 60, 'BST'],
  ['IST-1GMT0,M10.5.0,M3.5.0/1', 60, 'IST'],
  ['IST-1GMT0,M10.5.0,M3.5.0/1', 0, 'GMT'],
  ['<+1030>-10:30<+11>-11,M10.1.0,M4.1.0', 660, '+11'],
  ['', 0, undefined],
  ['nonsense', 0, undefined],
])('a file that ends in %s: at %i minutes it is %s', (line, offsetMinutes, name) => {
  expect(zoneNameIn(fileEndingIn(line), offsetMinutes)).toBe(name);
});

test('a file without such a line has no name', () => {
  expect(zoneNameIn(new Uint8Array(0), 0)).toBeUndefined();
  expect(zoneNameIn(Buffer.from('CST-8'), 480)).toBeUndefined();
});
