/** Profile and level as people write them; empty where the codec has none, or they are not known. */
export interface CodecProfile {
  readonly profile: string;
  readonly level: string;
}

const UNKNOWN: CodecProfile = { profile: '', level: '' };

const H264_PROFILES: Readonly<Record<number, string>> = {
  66: 'Baseline',
  77: 'Main',
  88: 'Extended',
  100: 'High',
  110: 'High 10',
  122: 'High 4:2:2',
  244: 'High 4:4:4 Predictive',
};
/** `constraint_set1_flag`, with which the Baseline profile is the Constrained one. */
const CONSTRAINED = 0x40;

const H265_PROFILES: Readonly<Record<number, string>> = {
  1: 'Main',
  2: 'Main 10',
  3: 'Main Still Picture',
  4: 'Range Extensions',
  9: 'Screen Content Coding',
};

const AV1_PROFILES: readonly string[] = ['Main', 'High', 'Professional'];

/** MPEG-4 audio object types. */
const AAC_PROFILES: Readonly<Record<number, string>> = {
  1: 'Main',
  2: 'LC',
  3: 'SSR',
  4: 'LTP',
  5: 'HE',
  23: 'LD',
  29: 'HE v2',
  39: 'ELD',
};

/** @param codecString as in WebCodecs: `avc1.64001f`, `hev1.1.6.L93.B0`, `av01.0.04M.08`, `vp09.00.10.08`, `mp4a.40.2` */
export function codecProfileOf(codecString: string): CodecProfile {
  const [name, ...parts] = codecString.split('.');
  if (name === 'avc1' || name === 'avc3') return h264Profile(parts);
  if (name === 'hev1' || name === 'hvc1') return h265Profile(parts);
  if (name === 'av01') return av1Profile(parts);
  if (name === 'vp09') return vp9Profile(parts);
  if (name === 'mp4a' && parts[0] === '40')
    return { profile: AAC_PROFILES[Number(parts[1])] ?? '', level: '' };
  return UNKNOWN;
}

/** Profile, constraints and level, two hexadecimal digits each. */
function h264Profile([bytes = '']: readonly string[]): CodecProfile {
  if (!/^[\da-f]{6}$/i.test(bytes)) return UNKNOWN;
  const [profile, constraints, level] = [0, 2, 4].map((at) =>
    Number.parseInt(bytes.slice(at, at + 2), 16),
  ) as [number, number, number];
  const isConstrained = profile === 66 && (constraints & CONSTRAINED) !== 0;
  const prefix = isConstrained ? 'Constrained ' : '';
  // Level 1b is written as 1.1 with a constraint flag, or as 9.
  return {
    profile: prefix + (H264_PROFILES[profile] ?? String(profile)),
    level: level === 9 ? '1b' : (level / 10).toFixed(1),
  };
}

/** Profile with its space, compatibility, tier and level: `1.6.L93`. */
function h265Profile([profile = '', , level = '']: readonly string[]): CodecProfile {
  const [, tier, thirtieths] = /^([LH])(\d+)$/.exec(level) ?? [];
  if (thirtieths === undefined) return UNKNOWN;
  const name = H265_PROFILES[Number(profile)] ?? profile;
  return { profile: name, level: (Number(thirtieths) / 30).toFixed(1) + (tier === 'H' ? ' High tier' : '') };
}

/** Profile, level index and tier, bit depth: `0.04M.08`. */
function av1Profile([profile = '', level = '']: readonly string[]): CodecProfile {
  const [, index, tier] = /^(\d\d)([MH])$/.exec(level) ?? [];
  if (index === undefined) return UNKNOWN;
  const major = 2 + (Number(index) >> 2);
  const shown = `${major}.${Number(index) & 3}`;
  return {
    profile: AV1_PROFILES[Number(profile)] ?? profile,
    level: shown + (tier === 'H' ? ' High tier' : ''),
  };
}

/** Profile, level, bit depth: `00.10.08`. */
function vp9Profile([profile = '', level = '']: readonly string[]): CodecProfile {
  if (!/^\d\d$/.test(profile) || !/^\d\d$/.test(level)) return UNKNOWN;
  return { profile: String(Number(profile)), level: (Number(level) / 10).toFixed(1) };
}
