/** `NAME=value`, the value quoted or not (RFC 8216, section 4.2). */
const ATTRIBUTE = /([A-Z0-9-]{1,64})=(?:"([^"]*)"|([^",]*))/g;

/** The attributes of a tag by their names, quotes taken away. What is no attribute is passed over. */
export function parseAttributes(text: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name, quoted, plain] of text.matchAll(ATTRIBUTE))
    attributes.set(name!, quoted ?? plain ?? '');
  return attributes;
}
