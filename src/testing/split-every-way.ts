/**
 * The ways in which a network may cut `bytes`: whole, byte by byte, and in two at each offset. Every piece is a fresh
 * copy, so a parser that keeps views of one piece cannot see the next by accident.
 */
export function* splitEveryWay(bytes: Uint8Array): Generator<Uint8Array[]> {
  yield [bytes.slice()];
  yield Array.from(bytes, (_, index) => bytes.slice(index, index + 1));
  for (let offset = 1; offset < bytes.length; offset += 1) {
    yield [bytes.slice(0, offset), bytes.slice(offset)];
  }
}
