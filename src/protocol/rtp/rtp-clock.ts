/**
 * Microseconds to the nearest tick of an RTP clock. Whole seconds are counted apart: after a day their product with the
 * clock rate would be too large to be exact.
 * @param us whole microseconds, of either sign
 * @param clockRate ticks in a second
 */
export function usToRtpTicks(us: number, clockRate: number): number {
  const seconds = Math.floor(us / 1_000_000);
  const rest = us - seconds * 1_000_000;
  return seconds * clockRate + Math.round((rest * clockRate) / 1_000_000);
}
