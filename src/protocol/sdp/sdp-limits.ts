/** What a description may be made of. Real ones have a few kilobytes, up to ten media and some thirty lines for each. */

/** The limit of an RTSP body as well; Janus had to learn it (CVE-2020-14033). */
export const MAX_SDP_BYTES: number = 256 * 1024;
/** Lines that are not empty. */
export const MAX_SDP_LINES = 4096;
/** A recorder with 16 cameras of video, audio and metadata has 48. */
export const MAX_SDP_MEDIA = 64;
/** Attributes of the session, or of one media. */
export const MAX_SDP_ATTRIBUTES = 512;
/** Formats of one `m=` line: as many as there are payload types. */
export const MAX_SDP_FORMATS = 128;
/** Parameters of one format; H.264 and H.265 know about forty each. */
export const MAX_FORMAT_PARAMETERS = 128;
/** Remarks on the session, or on one media: they go to a log. */
export const MAX_SDP_NOTES = 16;
