import { expect, test } from 'vitest';
import { isBareRoute, matchRoutes, type HttpRoute } from './http-routes.ts';

function route(pattern: string): HttpRoute {
  return { pattern, request: () => true, upgrade: () => true };
}

const routes = ['/', '/live/', '/live/hd/', '/hls/'].map(route);

function patternsFor(path: string): string[] {
  return matchRoutes(routes, path).map(({ pattern }) => pattern);
}

test('the longest prefix comes first', () => {
  expect(patternsFor('/live/hd/a.flv')).toEqual(['/live/hd/', '/live/', '/']);
  expect(patternsFor('/live/a.flv')).toEqual(['/live/', '/']);
  expect(patternsFor('/lively.flv')).toEqual(['/']);
});

test('routes of the same prefix are asked in the order in which they were added', () => {
  const [first, second] = [route('/'), route('/')];
  expect(matchRoutes([first, second], '/a.ts')).toEqual([first, second]);
});

test('a prefix without its last slash is known as such', () => {
  expect(isBareRoute(routes, '/hls')).toBe(true);
  expect(isBareRoute(routes, '/hls/')).toBe(false);
  expect(isBareRoute(routes, '/other')).toBe(false);
});
