import { expect, test } from 'vitest';

test('the tests run on Node 22.18 or newer, not on an older Node of the machine', () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  expect(major * 1000 + minor, `this is Node ${process.versions.node}`).toBeGreaterThanOrEqual(22_018);
});
