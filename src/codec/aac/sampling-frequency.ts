/** Sampling frequencies by index (ISO/IEC 14496-3, table 1.18), in hertz; 13 and 14 are reserved, 15 means explicit. */
// prettier-ignore
export const AAC_SAMPLING_FREQUENCIES: readonly number[] = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
];

/** Index that says: the frequency follows in 24 bits. Not allowed in ADTS. */
export const EXPLICIT_FREQUENCY_INDEX = 15;

/** Lower ends of the ranges that share the tables of one standard frequency (table 4.82). */
// prettier-ignore
const RANGE_STARTS: readonly number[] = [
  92_017, 75_132, 55_426, 46_009, 37_566, 27_713, 23_004, 18_783, 13_856, 11_502, 9391,
];

/**
 * The index that ADTS can carry for a frequency: its own, or, for one outside the table, that of the standard frequency
 * whose coding tables it uses (4.5.1.1).
 */
export function samplingFrequencyIndexOf(samplingFrequency: number): number {
  const exact = AAC_SAMPLING_FREQUENCIES.indexOf(samplingFrequency);
  if (exact >= 0) return exact;
  const range = RANGE_STARTS.findIndex((start) => samplingFrequency >= start);
  return range >= 0 ? range : RANGE_STARTS.length;
}
