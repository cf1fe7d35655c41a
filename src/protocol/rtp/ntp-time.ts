/** NTP timestamps as RTCP carries them (RFC 3550, 4; RFC 5905, 6). */

/** Seconds since 1900 modulo 2^32, and the part of a second in units of 2^-32 s; both 32 bits, unsigned. */
export interface NtpTime {
  readonly ntpSeconds: number;
  readonly ntpFraction: number;
}

/** Seconds from 1900, where NTP begins, to 1970, where Unix time begins. */
const UNIX_EPOCH_NTP_SECONDS = 2_208_988_800;
const US_PER_SECOND = 1_000_000;

/** @param unixUs whole microseconds since 1970 */
export function ntpTimeOfUnixUs(unixUs: number): NtpTime {
  const unixSeconds = Math.floor(unixUs / US_PER_SECOND);
  const us = unixUs - unixSeconds * US_PER_SECOND;
  return {
    ntpSeconds: (unixSeconds + UNIX_EPOCH_NTP_SECONDS) >>> 0,
    ntpFraction: Math.round((us * 2 ** 32) / US_PER_SECOND),
  };
}

/**
 * Microseconds since 1970, to the nearest. The seconds begin anew in February 2036; those below 2^31 are read as after
 * that, as in RFC 4330, 3. So a clock that counts from its own start reads as 2036, and its differences are right.
 */
export function unixUsOfNtpTime(time: NtpTime): number {
  const era = time.ntpSeconds < 2 ** 31 ? 2 ** 32 : 0;
  const unixSeconds = time.ntpSeconds + era - UNIX_EPOCH_NTP_SECONDS;
  return unixSeconds * US_PER_SECOND + Math.round((time.ntpFraction * US_PER_SECOND) / 2 ** 32);
}

/** The middle 32 of the 64 bits, in units of 2^-16 s: what receiver reports echo (RFC 3550, 6.4.1, LSR). */
export function middleNtpBits(time: NtpTime): number {
  return ((time.ntpSeconds << 16) | (time.ntpFraction >>> 16)) >>> 0;
}
