/** The value of `Public` or `Allow` (RFC 2326, 12.4 and 12.28), as upper-case method names. Never throws. */
export function parseMethodList(value: string): string[] {
  return value
    .split(/[,\s]+/)
    .filter((name) => name !== '')
    .map((name) => name.toUpperCase());
}

export function serializeMethodList(methods: readonly string[]): string {
  return methods.join(', ');
}
