/** Resolves when everything that waits for nothing but itself has been done. Not for what waits for the disk. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await new Promise((resolve) => setImmediate(resolve));
}
