/**
 * A request's path with query, each run of slashes in the path as one. lal sends clients who write two to the path with
 * one; that would turn their POST into a GET.
 */
export function cleanTarget(target: string): string {
  const queryAt = target.indexOf('?');
  const pathEnd = queryAt < 0 ? target.length : queryAt;
  return target.slice(0, pathEnd).replaceAll(/\/{2,}/g, '/') + target.slice(pathEnd);
}
