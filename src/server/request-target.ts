/**
 * A request's path with query, each run of slashes in the path as one. lal sends clients who write two to the path with
 * one; that would turn their POST into a GET. Scheme and host, which clients of proxies write in front, are left out (RFC
 * 9112, 3.2.2).
 */
export function cleanTarget(target: string): string {
  const own = withoutOrigin(target);
  const queryAt = own.indexOf('?');
  const pathEnd = queryAt < 0 ? own.length : queryAt;
  return own.slice(0, pathEnd).replaceAll(/\/{2,}/g, '/') + own.slice(pathEnd);
}

function withoutOrigin(target: string): string {
  const own = target.replace(/^https?:\/\/[^/?]*/i, '');
  return own === target || own.startsWith('/') ? own : `/${own}`;
}
