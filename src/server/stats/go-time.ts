import { systemZoneName } from './zone-name.ts';

/**
 * Local time in lal's layout, Go's `2006-01-02 15:04:05.999 Z0700 MST`: up to three digits of fraction without trailing
 * zeros, offset (`Z` for UTC), zone abbreviation. Clients parse it with the same layout.
 */
export function formatGoTime(wallMs: number): string {
  const date = new Date(wallMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const fraction = String(date.getMilliseconds()).padStart(3, '0').replace(/0+$/, '');
  const offsetMinutes = 0 - date.getTimezoneOffset();
  const zone = `${formatOffset(offsetMinutes)} ${zoneNameOf(date, offsetMinutes)}`;
  return `${day} ${time}${fraction === '' ? '' : `.${fraction}`} ${zone}`;
}

function formatOffset(minutes: number): string {
  if (minutes === 0) return 'Z';
  const magnitude = Math.abs(minutes);
  const digits = Math.floor(magnitude / 60) * 100 + (magnitude % 60);
  return `${minutes < 0 ? '-' : '+'}${String(digits).padStart(4, '0')}`;
}

/** Locales that each know the short names of zones that their own readers know. */
const LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-ZA'];

/** By offset, since a process does not change its zone: to ask for a name costs more than all the rest. */
const zoneNames = new Map<number, string>();

/** `CST`, `CEST`, …; where the zone has no short name that we know, its offset, as Go does. */
function zoneNameOf(date: Date, offsetMinutes: number): string {
  let name = zoneNames.get(offsetMinutes);
  if (name === undefined) {
    name = systemZoneName(offsetMinutes) ?? shortNameOf(date) ?? nameOfOffset(offsetMinutes);
    zoneNames.set(offsetMinutes, name);
  }
  return name;
}

function nameOfOffset(minutes: number): string {
  return minutes === 0 ? 'UTC' : formatOffset(minutes).replace(/00$/, '');
}

function shortNameOf(date: Date): string | undefined {
  const names = LOCALES.map((locale) => {
    const parts = new Intl.DateTimeFormat(locale, { timeZoneName: 'short' }).formatToParts(date);
    return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
  });
  return names.find((name) => /^[A-Z]{2,5}$/.test(name));
}
