import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { middleNtpBits, ntpTimeOfUnixUs, unixUsOfNtpTime } from './ntp-time.ts';

test.each([
  ['1970', 0, 2_208_988_800, 0],
  ['half a second after 1970', 500_000, 2_208_988_800, 0x8000_0000],
  ['a quarter of a second before 1970', -250_000, 2_208_988_799, 0xc000_0000],
  ['the last second of the first era', 2_085_978_495_000_000, 0xffff_ffff, 0],
  ['the first second of the next era, in 2036', 2_085_978_496_000_000, 0, 0],
  ['2100', 4_102_444_800_000_000, 2_016_466_304, 0],
])('knows %s', (_name, unixUs, ntpSeconds, ntpFraction) => {
  expect(ntpTimeOfUnixUs(unixUs)).toEqual({ ntpSeconds, ntpFraction });
  expect(unixUsOfNtpTime({ ntpSeconds, ntpFraction })).toBe(unixUs);
});

test('every microsecond from 1968 to 2104 survives the way through NTP', () => {
  fc.assert(
    fc.property(fc.integer({ min: -61_505_151_000_000 + 1, max: 4_233_462_143_000_000 }), (unixUs) => {
      const time = ntpTimeOfUnixUs(unixUs);
      expect(unixUsOfNtpTime(time)).toBe(unixUs);
      expect(time.ntpFraction).toBeLessThan(2 ** 32);
    }),
  );
});

test('a clock that counts from its own start keeps its differences', () => {
  const start = unixUsOfNtpTime({ ntpSeconds: 0, ntpFraction: 0 });
  expect(unixUsOfNtpTime({ ntpSeconds: 3600, ntpFraction: 0x4000_0000 }) - start).toBe(3_600_250_000);
});

// RFC 3550, 6.4.1, figure 2: the report sent at 0xb44d:b7052000 is echoed as 0xb705:2000.
test('the middle bits are those of the example in RFC 3550', () => {
  expect(middleNtpBits({ ntpSeconds: 0xb44d_b705, ntpFraction: 0x2000_0000 })).toBe(0xb705_2000);
  expect(middleNtpBits({ ntpSeconds: 0x0000_ffff, ntpFraction: 0xffff_ffff })).toBe(0xffff_ffff);
});
