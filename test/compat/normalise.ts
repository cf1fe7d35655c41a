/** Takes out of an observation what no two runs have in common: times, counts of bytes, numbers of sessions, ports. */
import { isObject } from './json.ts';
import type { Json } from './json.ts';
import type { Names } from './names.ts';

/** lal's layout `2006-01-02 15:04:05.999 Z0700 MST`. */
const goTime = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,2}[1-9]|\.[1-9])? (?:Z|[+-]\d{4}) \S+$/;

const isCount = (value: Json): value is number => Number.isInteger(value) && (value as number) >= 0;

/** Rules by key. What they do not recognise stays as it is, and shows as a difference. */
const rules: Record<string, (value: Json, names: Names) => Json> = {
  session_id: (value, names) => (typeof value === 'string' ? names.session(value) : value),
  port: (value, names) => (typeof value === 'number' ? names.port(value) : value),
  remote_addr: (value, names) => (typeof value === 'string' ? names.address(value) : value),
  start_time: (value) => (typeof value === 'string' && goTime.test(value) ? '<time>' : value),
  read_bytes_sum: sum,
  wrote_bytes_sum: sum,
  bitrate_kbits: rate,
  read_bitrate_kbits: rate,
  write_bitrate_kbits: rate,
  in_frame_per_sec: frameRates,
  subs: (value) => (Array.isArray(value) ? sortWithinKind(value) : value),
  duration: (value) => (typeof value === 'number' && value > 0 ? '<seconds>' : value),
  ts_file: fileTime,
  cwd: (value) => (typeof value === 'string' ? value.replace(/^.*\//, '<folder>/') : value),
  date: (value) => (typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? '<date>' : value),
  'content-length': (value) => (typeof value === 'string' && /^\d+$/.test(value) ? '<length>' : value),
};

export function normalised(value: Json, names: Names): Json {
  if (Array.isArray(value)) return value.map((item) => normalised(item, names));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, item]): [string, Json] => {
    const inner = normalised(item, names);
    const rule = rules[key.toLowerCase()];
    return [key, rule === undefined ? inner : rule(inner, names)];
  });
  return Object.fromEntries(entries);
}

function sum(value: Json): Json {
  return isCount(value) && value > 0 ? '<bytes>' : value;
}

function rate(value: Json): Json {
  return isCount(value) ? '<rate>' : value;
}

/** Newest first, one entry a second: of these the first stands for all. */
function frameRates(value: Json): Json {
  if (!Array.isArray(value)) return value;
  const isEntry = (item: Json): boolean =>
    isObject(item) && isCount(item['unix_sec']!) && isCount(item['v']!);
  if (!value.every(isEntry)) return value;
  const seconds = value.map((item) => (item as { unix_sec: number }).unix_sec);
  if (seconds.some((second, index) => index > 0 && second >= seconds[index - 1]!)) return value;
  return value
    .slice(0, 1)
    .map((item) => Object.fromEntries(Object.keys(item as object).map((key) => [key, '<count>'])));
}

/** Viewers of one kind come in any order. */
function sortWithinKind(subs: Json[]): Json[] {
  const kind = (sub: Json): string => (isObject(sub) ? JSON.stringify(sub['protocol']) : '');
  const kinds = [...new Set(subs.map(kind))];
  const text = (sub: Json): string => JSON.stringify(sub);
  return kinds.flatMap((name) =>
    subs.filter((sub) => kind(sub) === name).toSorted((a, b) => text(a).localeCompare(text(b))),
  );
}

function fileTime(value: Json): Json {
  return typeof value === 'string' ? value.replace(/-\d{13}-/, '-<ms>-') : value;
}

/** Tags that this server adds to lal's. */
const extraTag = /^#EXT-X-(?:DISCONTINUITY-SEQUENCE|INDEPENDENT-SEGMENTS|PROGRAM-DATE-TIME)(?=:|$).*\n/gm;

/** A playlist: the tags that lal has, numbers blanked and entries as one; and the names of the others. */
export function normalisedPlaylist(text: string): Json {
  const entry =
    /(?:#EXT-X-DISCONTINUITY\n)?#EXTINF:\d+\.\d{3},\n\S+-\d{13}-\d+\.ts(\?session_id=[0-9a-f]{32})?\n/g;
  const lines = text
    .replaceAll(extraTag, '')
    .replaceAll(entry, (_all, query?: string) => `<entry${query === undefined ? '' : ' with session_id'}>\n`)
    .replaceAll(/(<entry[^>]*>\n)+/g, '$1')
    .replace(/^#EXT-X-MEDIA-SEQUENCE:\d+$/m, '#EXT-X-MEDIA-SEQUENCE:<number>')
    .split('\n');
  const names = (text.match(extraTag) ?? []).map((line) => line.trim().split(':')[0]!);
  return { lines, extra: [...new Set(names)] };
}
