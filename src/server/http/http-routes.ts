import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** One section's part of an HTTP port. */
export interface HttpRoute {
  /** Path prefix, with a slash at both ends. */
  readonly pattern: string;
  /** @returns false when the request is none of this route's after all */
  request(request: IncomingMessage, response: ServerResponse): boolean;
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): boolean;
}

/** The routes whose prefix fits, the longest first, as Go's `ServeMux` orders them. */
export function matchRoutes(routes: readonly HttpRoute[], path: string): HttpRoute[] {
  return routes
    .filter((route) => path.startsWith(route.pattern))
    .sort((a, b) => b.pattern.length - a.pattern.length);
}

/** Whether `path` is a route's prefix without its last slash: answered by a redirect to the full prefix. */
export function isBareRoute(routes: readonly HttpRoute[], path: string): boolean {
  return routes.some((route) => route.pattern === `${path}/`);
}
