import { expect, test } from 'vitest';
import { endReason } from '../../media/end-reason.ts';
import { FakeHttp } from '../../testing/fake-http.ts';
import { HttpFailure, httpFailureOf } from './http-failure.ts';
import { openHttp } from './open-http.ts';

const FROM = 'https://u:p@a.example/live/x.flv';

/** Where the content was found, or `code detail` of the failure. */
async function opened(http: FakeHttp, url = FROM, stop = new AbortController()): Promise<string> {
  try {
    return (await openHttp(http, url, { Accept: '*/*' }, stop.signal)).url;
  } catch (error) {
    const { code, detail = '' } = (error as HttpFailure).endReason;
    return `${code} ${detail}`.trim();
  }
}

test.each([
  ['https://a.example/other?x=1', 'https://u:p@a.example/other?x=1'],
  ['/other', 'https://u:p@a.example/other'],
  ['https://a.example:444/other', 'https://u:p@a.example:444/other'],
  ['https://b.example/other', 'https://b.example/other'],
  ['http://a.example/other', 'http://a.example/other'],
  ['https://v:q@b.example/other', 'https://v:q@b.example/other'],
])('a redirect to %s leads to %s', async (location, target) => {
  const http = new FakeHttp();
  http.put(FROM, { status: 302, headers: { location } });
  http.put(target, 'content');
  expect(await opened(http)).toBe(target);
  expect(http.requests[1]!.headers).toEqual({ Accept: '*/*' });
});

test.each([
  [{ status: 404 }, 'refused-by-peer 404'],
  [{ status: 204 }, 'refused-by-peer 204'],
  [{ status: 302 }, 'refused-by-peer redirect'],
  [{ status: 302, headers: { location: 'file:///etc/passwd' } }, 'refused-by-peer redirect'],
  [{ status: 302, headers: { location: FROM } }, 'refused-by-peer redirect'],
])('%j is no content', async (answer, failure) => {
  const http = new FakeHttp();
  http.put(FROM, answer);
  expect(await opened(http)).toBe(failure);
  expect(http.requests.length).toBeLessThanOrEqual(6);
});

test.each([
  [{ code: 'ECONNREFUSED', syscall: 'connect' }, 'connect-failed ECONNREFUSED'],
  [{ code: 'ETIMEDOUT', syscall: 'connect' }, 'connect-failed ETIMEDOUT'],
  [{ code: 'ENOTFOUND', syscall: 'getaddrinfo' }, 'connect-failed ENOTFOUND'],
  [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'connect-failed DEPTH_ZERO_SELF_SIGNED_CERT'],
  [{ code: 'ECONNRESET', syscall: 'read' }, 'peer-reset ECONNRESET'],
  [{ code: 'HPE_INVALID_CONSTANT' }, 'protocol-error HPE_INVALID_CONSTANT'],
  [{}, 'internal-error'],
])('an error %j is told as %s', async (fields, failure) => {
  const http = new FakeHttp();
  http.put(FROM, Object.assign(new Error('text'), fields));
  expect(await opened(http)).toBe(failure);
});

test('who ended the request says why', async () => {
  const http = new FakeHttp();
  http.put(FROM, 'silence');
  const stop = new AbortController();
  const answer = opened(http, FROM, stop);
  stop.abort(endReason('kicked'));
  expect(await answer).toBe('kicked');
});

test('a failure stays what it is', () => {
  const failure = new HttpFailure(endReason('kicked'));
  expect(httpFailureOf(failure, new AbortController().signal)).toBe(failure);
});
