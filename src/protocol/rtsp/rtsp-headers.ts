/**
 * Header fields of one RTSP message (RFC 2326, 4.2 and 12), in the order they came or were set. Names compare without
 * regard to case; several fields of one name stay apart, because `WWW-Authenticate` cannot be joined by commas.
 */
export class RtspHeaders {
  #fields: { readonly name: string; readonly key: string; value: string }[] = [];

  constructor(fields: Iterable<readonly [name: string, value: string]> = []) {
    for (const [name, value] of fields) this.append(name, value);
  }

  /** Number of fields. */
  get size(): number {
    return this.#fields.length;
  }

  /** The value of the first field of that name. */
  get(name: string): string | undefined {
    const key = name.toLowerCase();
    return this.#fields.find((field) => field.key === key)?.value;
  }

  /** The values of all fields of that name, in order. */
  getAll(name: string): string[] {
    const key = name.toLowerCase();
    return this.#fields.filter((field) => field.key === key).map(({ value }) => value);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Adds a field, whether or not there is one of that name. */
  append(name: string, value: string): this {
    this.#fields.push({ name, key: name.toLowerCase(), value });
    return this;
  }

  /** Puts one field in the place of all of that name. */
  set(name: string, value: string): this {
    return this.delete(name).append(name, value);
  }

  delete(name: string): this {
    const key = name.toLowerCase();
    this.#fields = this.#fields.filter((field) => field.key !== key);
    return this;
  }

  /** Lengthens the value of the newest field; nothing where there is none. */
  continueLast(text: string): void {
    const last = this.#fields.at(-1);
    if (last !== undefined) last.value += text;
  }

  /** Names as spelled, with their values. */
  *[Symbol.iterator](): Generator<readonly [name: string, value: string]> {
    for (const { name, value } of this.#fields) yield [name, value];
  }
}
