/**
 * The sections of a session description (RFC 8866, 5), line by line. Left out on purpose, since nobody here uses them:
 * `i=`, `u=`, `e=`, `p=`, `r=`, `z=`, `k=`, and the times of `t=`.
 */

/** One `a=` line. */
export interface SdpAttribute {
  /** As written; compared without regard to case. */
  readonly name: string;
  /** What stands behind the colon, without white space around it; empty where there is none. */
  readonly value: string;
}

/** Which way media flow, as the describing side says it. */
export const MediaDirection = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const;
export type MediaDirection = (typeof MediaDirection)[number];

/** The lines of one `m=` section. */
export interface MediaSection {
  /** `video`, `audio`, `application` …, in lower case; empty for a line that could not be read. */
  readonly media: string;
  /** 0 in most RTSP descriptions, where `SETUP` agrees on ports. */
  readonly port: number;
  /** As written: `RTP/AVP`. */
  readonly protocol: string;
  /** As written: payload types, where `protocol` is RTP. */
  readonly formats: readonly string[];
  /** The value of `c=`. */
  readonly connection?: string | undefined;
  /** The values of `b=`: `AS:128`. */
  readonly bandwidth: readonly string[];
  /** All of them, in their order, also those that other fields are made of. */
  readonly attributes: readonly SdpAttribute[];
}

/** The lines of a whole description. */
export interface SessionSection<Media extends MediaSection = MediaSection> {
  /** The value of `o=`; empty where it is missing. */
  readonly origin: string;
  /** The value of `s=`; empty where it is missing. What is not UTF-8 is shown as U+FFFD. */
  readonly name: string;
  /** The value of `c=`. */
  readonly connection?: string | undefined;
  /** The values of `b=`. */
  readonly bandwidth: readonly string[];
  /** Of the session alone; all of them, in their order. */
  readonly attributes: readonly SdpAttribute[];
  readonly media: readonly Media[];
}

/** The value of the first attribute of that name; empty for one without value, `undefined` where there is none. */
export function attributeValue(
  section: { readonly attributes: readonly SdpAttribute[] },
  name: string,
): string | undefined {
  const wanted = name.toLowerCase();
  return section.attributes.find((attribute) => attribute.name.toLowerCase() === wanted)?.value;
}
