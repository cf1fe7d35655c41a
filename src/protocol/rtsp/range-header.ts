/**
 * The `Range` header (RFC 2326, 12.29, with the times of 3.5 to 3.7), one range:
 *
 *   npt=now-   npt=0.000-   npt=12:05:35.3-13:00:00   npt=-20.5
 *   clock=19961108T142300Z-19961108T143520Z           smpte-25=10:07:00-10:07:33:05.01
 */
export type RtspRange =
  /** Seconds from the beginning; `now` is the live moment. */
  | {
      readonly unit: 'npt';
      readonly start?: number | 'now' | undefined;
      readonly end?: number | 'now' | undefined;
    }
  /** Wall clock and tape times are kept as written: a live stream starts where it is. */
  | {
      readonly unit: 'clock' | 'smpte' | 'smpte-30-drop' | 'smpte-25';
      readonly start?: string | undefined;
      readonly end?: string | undefined;
    };

const CLOCK_TIME = /^\d{8}T\d{6}(?:\.\d{1,9})?Z$/i;
const SMPTE_TIME = /^\d{1,2}:\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d{1,2})?)?$/;

/** `undefined` for what is no range. A `;time=` behind it is ignored. Never throws. */
export function parseRange(value: string): RtspRange | undefined {
  const [range = ''] = value.split(';', 1);
  const [unitText = '', times, ...more] = range.split('=');
  if (times === undefined || more.length > 0) return undefined;
  const [startText = '', endText, ...rest] = times.split('-').map((time) => time.trim());
  if (endText === undefined || rest.length > 0 || startText + endText === '') return undefined;
  const unit = unitText.trim().toLowerCase();
  switch (unit) {
    case 'npt':
      return parseNptRange(startText, endText);
    case 'clock':
    case 'smpte':
    case 'smpte-30-drop':
    case 'smpte-25': {
      const form = unit === 'clock' ? CLOCK_TIME : SMPTE_TIME;
      const isSound = [startText, endText].every((time) => time === '' || form.test(time));
      return isSound ? { unit, start: startText || undefined, end: endText || undefined } : undefined;
    }
    default:
      return undefined;
  }
}

export function serializeRange({ unit, start, end }: RtspRange): string {
  return `${unit}=${timeText(start)}-${timeText(end)}`;
}

function parseNptRange(startText: string, endText: string): RtspRange | undefined {
  const start = startText === '' ? undefined : parseNptTime(startText);
  const end = endText === '' ? undefined : parseNptTime(endText);
  const isSound = (startText === '' || start !== undefined) && (endText === '' || end !== undefined);
  return isSound ? { unit: 'npt', start, end } : undefined;
}

/** Seconds, or hours, minutes and seconds; `now`. */
function parseNptTime(text: string): number | 'now' | undefined {
  if (text.toLowerCase() === 'now') return 'now';
  if (/^\d{1,12}(?:\.\d{0,9})?$/.test(text)) return Number(text);
  const match = /^(\d{1,6}):(\d{1,2}):(\d{1,2}(?:\.\d{0,9})?)$/.exec(text);
  return match === null ? undefined : Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]);
}

function timeText(time: number | string | undefined): string {
  if (time === undefined) return '';
  return typeof time === 'number' ? time.toFixed(3) : time;
}
