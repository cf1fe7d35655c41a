import { afterAll, expect, test, vi } from 'vitest';

const timeZone = process.env['TZ'];

afterAll(() => {
  if (timeZone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = timeZone;
});

async function formattedIn(zone: string, time: string): Promise<string> {
  process.env['TZ'] = zone;
  vi.resetModules();
  const { formatGoTime } = await import('./go-time.ts');
  return formatGoTime(Date.parse(time));
}

test.each([
  ['UTC', '2024-05-01T08:00:00.500Z', '2024-05-01 08:00:00.5 Z UTC'],
  ['UTC', '2024-05-01T08:00:00.000Z', '2024-05-01 08:00:00 Z UTC'],
  ['UTC', '2024-05-01T08:00:00.120Z', '2024-05-01 08:00:00.12 Z UTC'],
  ['UTC', '2024-05-01T08:00:00.007Z', '2024-05-01 08:00:00.007 Z UTC'],
  ['Asia/Shanghai', '2020-10-11T11:17:41.586Z', /^2020-10-11 19:17:41\.586 \+0800 (CST|\+08)$/],
  ['America/New_York', '2024-07-03T09:46:40Z', '2024-07-03 05:46:40 -0400 EDT'],
  ['America/New_York', '2024-01-03T03:46:40Z', '2024-01-02 22:46:40 -0500 EST'],
  ['Europe/Berlin', '2024-07-03T09:46:40Z', '2024-07-03 11:46:40 +0200 CEST'],
  ['Asia/Kolkata', '2024-07-03T09:46:40Z', '2024-07-03 15:16:40 +0530 IST'],
  ['Asia/Tehran', '2024-07-03T09:46:40Z', '2024-07-03 13:16:40 +0330 +0330'],
])("writes Go's layout in %s: %s", async (zone, time, text) => {
  expect(await formattedIn(zone, time)).toMatch(text);
});
