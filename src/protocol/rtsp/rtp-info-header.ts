/**
 * The `RTP-Info` header (RFC 2326, 12.33): per track, what the first packet after PLAY will carry.
 *
 *   url=rtsp://h/live/a/streamid=0;seq=9810092;rtptime=3450012,url=...
 */
export interface RtpInfoEntry {
  /** Absolute, or relative as some servers write it. */
  readonly url: string;
  /** 16 bits; `undefined` where it is not known. */
  readonly sequenceNumber?: number | undefined;
  /** 32 bits, unsigned; `undefined` where it is not known. */
  readonly timestamp?: number | undefined;
}

/** One per track; no presentation has more tracks. */
const MAX_ENTRIES = 64;

/** Entries in order, those without a URL left out. URLs may hold commas and semicolons. Never throws. */
export function parseRtpInfo(value: string): RtpInfoEntry[] {
  return value
    .split(/,\s*(?=url\s*=)/i, MAX_ENTRIES)
    .map(parseEntry)
    .filter((entry) => entry !== undefined);
}

export function serializeRtpInfo(entries: readonly RtpInfoEntry[]): string {
  return entries.map(entryText).join(',');
}

function parseEntry(text: string): RtpInfoEntry | undefined {
  const url = urlOf(text);
  if (url === undefined) return undefined;
  return {
    url,
    sequenceNumber: parameterOf(text, 'seq', 0xffff),
    timestamp: parameterOf(text, 'rtptime', 0xffff_ffff),
  };
}

/** Up to the first parameter that we know; RTSP 2.0 puts it in quotes. */
function urlOf(text: string): string | undefined {
  const start = /^\s*url\s*=\s*/i.exec(text)?.[0].length;
  if (start === undefined) return undefined;
  const rest = text.slice(start);
  const parametersAt = rest.search(/[;\s]\s?(?:seq|rtptime|ssrc)\s?=/i);
  let end = parametersAt < 0 ? rest.length : parametersAt;
  while (end > 0 && /[;\s]/.test(rest[end - 1]!)) end -= 1;
  const url = rest.slice(0, end).replaceAll('"', '');
  return url === '' ? undefined : url;
}

function parameterOf(text: string, name: string, max: number): number | undefined {
  const digits = new RegExp(`[;:\\s]${name}\\s?=\\s?(\\d{1,10})`, 'i').exec(text)?.[1];
  return digits === undefined || Number(digits) > max ? undefined : Number(digits);
}

function entryText({ url, sequenceNumber, timestamp }: RtpInfoEntry): string {
  let text = `url=${url}`;
  if (sequenceNumber !== undefined) text += `;seq=${sequenceNumber}`;
  if (timestamp !== undefined) text += `;rtptime=${timestamp}`;
  return text;
}
