import { readFileSync } from 'node:fs';

/*
 * Node knows the names of time zones as CLDR has them, where most have no short one. Go, and so lal, takes them from the
 * system's files (RFC 9636), which end in a line such as `CET-1CEST,M3.5.0,M10.5.0/3`: names and offsets as POSIX has them.
 */

const NAME = String.raw`<([^>]+)>|([A-Za-z]{3,})`;
const OFFSET = String.raw`([+-]?)(\d{1,3})(?::(\d\d))?(?::\d\d)?`;
const LAST_LINE = new RegExp(String.raw`\n(?:${NAME})${OFFSET}(?:(?:${NAME})(?:${OFFSET})?)?(?:,[^\n]*)?\n$`);

const SUMMER_TIME_MINUTES = 60;

/**
 * @param file of the zone
 * @param offsetMinutes east of Greenwich
 * @returns `undefined` when the file does not say, or has no such offset nowadays
 */
export function zoneNameIn(file: Uint8Array, offsetMinutes: number): string | undefined {
  const match = LAST_LINE.exec(Buffer.from(file).toString('latin1'));
  if (match === null) return undefined;
  const [, quoted, plain, sign, hours, minutes, ...summer] = match;
  const [summerQuoted, summerPlain, summerSign, summerHours, summerMinutes] = summer;
  const standardMinutes = minutesOf(sign, hours!, minutes);
  if (standardMinutes === offsetMinutes) return quoted ?? plain;
  const changedMinutes =
    summerHours === undefined
      ? standardMinutes + SUMMER_TIME_MINUTES
      : minutesOf(summerSign, summerHours, summerMinutes);
  return changedMinutes === offsetMinutes ? (summerQuoted ?? summerPlain) : undefined;
}

/** The name that the system has for this process's time zone. @returns `undefined` when it has none */
export function systemZoneName(offsetMinutes: number): string | undefined {
  const zone = process.env['TZ'];
  try {
    const path = zone === undefined ? '/etc/localtime' : `/usr/share/zoneinfo/${zone.replace(/^:/, '')}`;
    return zoneNameIn(readFileSync(path), offsetMinutes);
  } catch {
    return undefined;
  }
}

/** POSIX counts to the west. */
function minutesOf(sign: string | undefined, hours: string, minutes = '0'): number {
  const west = Number(hours) * 60 + Number(minutes);
  return sign === '-' ? west : 0 - west;
}
