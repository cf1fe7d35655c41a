/** Writes session descriptions (RFC 8866, 5). */
import { serializeMediaLine } from './media-line.ts';
import type { SdpAttribute, SessionSection } from './sections.ts';

/** What would end a line, or is no text; a name that a client chose must not smuggle lines in. */
// oxlint-disable-next-line no-control-regex
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f]+/g;

/**
 * The description as text, with CR LF behind each line. Lines are written from `attributes` and the other fields of the
 * sections; what parsing made of them (`control`, `rtpFormats` …) is not looked at. `t=` is always `0 0`: live.
 */
export function serializeSessionDescription(description: SessionSection): string {
  const lines = [
    'v=0',
    `o=${description.origin}`,
    // RFC 8866, 5.3: a session without a name has a dash.
    `s=${description.name === '' ? '-' : description.name}`,
    ...connectionAndBandwidth(description),
    't=0 0',
    ...description.attributes.map(attributeLine),
  ];
  for (const media of description.media) {
    lines.push(`m=${serializeMediaLine(media)}`, ...connectionAndBandwidth(media));
    lines.push(...media.attributes.map(attributeLine));
  }
  return lines.map((line) => `${line.replaceAll(CONTROL_CHARACTERS, ' ').trimEnd()}\r\n`).join('');
}

function connectionAndBandwidth(section: Pick<SessionSection, 'connection' | 'bandwidth'>): string[] {
  const { connection, bandwidth } = section;
  return [
    ...(connection === undefined ? [] : [`c=${connection}`]),
    ...bandwidth.map((value) => `b=${value}`),
  ];
}

function attributeLine({ name, value }: SdpAttribute): string {
  return value === '' ? `a=${name}` : `a=${name}:${value}`;
}
