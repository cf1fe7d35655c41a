import * as fc from 'fast-check';

/** Random bytes, and the given vectors damaged: some bytes replaced, cut off, or with bytes added behind. */
export function damagedBytes(vectors: readonly Uint8Array[], maxLength = 256): fc.Arbitrary<Uint8Array> {
  const random = fc.uint8Array({ maxLength });
  const mutated = fc
    .record({
      vector: fc.constantFrom(...vectors),
      changes: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
      cut: fc.option(fc.nat()),
      tail: fc.uint8Array({ maxLength: 4 }),
    })
    .map(({ vector, changes, cut, tail }) => {
      const bytes = Uint8Array.from([...vector, ...tail]);
      if (bytes.length === 0) return bytes;
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return cut === null ? bytes : bytes.subarray(0, cut % (bytes.length + 1));
    });
  return fc.oneof(random, mutated);
}
