import type { Clock } from '../../media/clock.ts';

/** How work of somebody else's ended. */
export type Outcome<T> =
  | { readonly is: 'done'; readonly value: T }
  | { readonly is: 'failed'; readonly error: unknown }
  /** It may go on; nobody looks at its result any more. */
  | { readonly is: 'late' };

/** Runs `work`, which may throw, reject, or never end. @returns how it ended, within `timeoutMs`; never rejects */
export async function withDeadline<T>(
  work: () => T | Promise<T>,
  timeoutMs: number,
  clock: Clock,
): Promise<Outcome<T>> {
  let cancel = (): void => {};
  const late = new Promise<Outcome<T>>((resolve) => {
    cancel = clock.after(timeoutMs, () => resolve({ is: 'late' }));
  });
  const done = async (): Promise<Outcome<T>> => {
    try {
      return { is: 'done', value: await work() };
    } catch (error) {
      return { is: 'failed', error };
    }
  };
  try {
    return await Promise.race([done(), late]);
  } finally {
    cancel();
  }
}
