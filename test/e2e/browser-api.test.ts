/** The pages of the HTTP API, and what pages from elsewhere can do to it, in Chromium. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ENDPOINTS } from '../../src/server/api/endpoints.ts';
import { ApiClient } from '../support/api-client.ts';
import { Browser } from '../support/browser.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags } from '../support/flv-file.ts';
import { LocalServer } from '../support/local-server.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';

/** What would run a script in a page that takes it for markup. */
const evilName = `<img src=x onerror=alert(1)>"'&amp;`;

const suite = new Scope();
let browser: Browser;
beforeAll(async () => {
  browser = await Browser.launch(suite);
});
afterAll(() => suite.close());

let scope: Scope;
let problems: string[];
beforeEach(() => {
  scope = new Scope();
  problems = [];
});
afterEach(() => scope.close());

async function start(
  httpApi: Record<string, unknown> = {},
  others: Record<string, Record<string, unknown>> = {},
): Promise<{ server: LocalServer; origin: string }> {
  const server = await LocalServer.start(scope, {
    http_api: { enable: true, addr: '127.0.0.1:0', ...httpApi },
    ...others,
  });
  return { server, origin: `http://127.0.0.1:${server.port('http-api')}` };
}

test('/lal.html shows the server, then its streams as they come, and one stream with its sessions', async () => {
  const { server, origin } = await start();
  const page = await browser.openPage(`${origin}/lal.html`, problems);
  scope.defer(() => page.close());
  await page.waitForSelector('#server-info tr:nth-child(12)');
  const info = await page.textContent('#server-info');
  for (const name of ['Server ID', 'Git Tag', 'Runtime', 'lal version', 'API version', 'Start time']) {
    expect(info).toContain(name);
  }
  expect(await page.locator('#groups tr').count()).toBe(1);

  const publisher = await RtmpPublisher.open(scope, server.port('rtmp'), evilName);
  await publisher.send(readFlvTags(fixturePath('h264-bframes-aac')));
  await RtmpPlayer.open(scope, server.port('rtmp'), evilName);
  await server.untilViewers(evilName, 1);
  await page.click('#all-refresh');
  await page.waitForSelector('#groups tr.choice');
  const cells = await page.locator('#groups tr.choice td').allTextContents();
  expect(cells.slice(0, 8)).toEqual(['1', 'live', evilName, 'H264', '320', '240', 'AAC', 'RTMPPUBSUB1']);
  expect(cells.at(-1)).toBe('1');

  await page.click('#groups tr.choice');
  await page.waitForSelector('#group-subs tr:nth-child(2)');
  expect(await page.textContent('#group-name')).toBe(evilName);
  expect(await page.textContent('#group-pub')).toContain('RTMPPUBSUB1');
  expect(await page.locator('#group-subs td').nth(1).textContent()).toBe('RTMPPUBSUB2');
  expect(await page.locator('#group-pull tr').count()).toBe(1);
  await page.click('#group-back');
  await page.waitForSelector('#all-view:not([hidden])');
  expect(await page.textContent('#problem')).toBe('');
  expect(problems).toEqual([]);
});

test('the parameters of its URL sort it, and let it refresh itself', async () => {
  const { server, origin } = await start();
  for (const name of ['a', 'c', 'b']) await RtmpPublisher.open(scope, server.port('rtmp'), name);
  const page = await browser.openPage(`${origin}/lal.html?desc=1&interval=1&auto=1`, problems);
  scope.defer(() => page.close());
  const names = (): Promise<string[]> => page.locator('#groups tr.choice td:nth-child(3)').allTextContents();
  await page.waitForSelector('#groups tr.choice');
  expect(await names()).toEqual(['c', 'b', 'a']);
  await RtmpPublisher.open(scope, server.port('rtmp'), 'd');
  await page.waitForSelector('#groups tr.choice:nth-child(5)');
  expect(await names()).toEqual(['d', 'c', 'b', 'a']);
  await page.selectOption('#sort', 'start');
  await page.check('#order-asc');
  await expect.poll(names).toEqual(['a', 'c', 'b', 'd']);
  expect(problems).toEqual([]);
});

test('/lal.html says which secrets of the config everybody knows', async () => {
  const secret = { dangerous_lal_secret: 'pengrl', pub_rtmp_enable: true };
  const { origin } = await start({}, { simple_auth: secret });
  const page = await browser.openPage(`${origin}/lal.html`, problems);
  scope.defer(() => page.close());
  await page.waitForSelector('#warnings li');
  expect(await page.textContent('#warnings')).toMatch(
    /^simple_auth\.dangerous_lal_secret has a value of lal/,
  );
  expect(problems).toEqual([]);
});

test('a server with a token is asked with the one that the user gives', async () => {
  const { origin } = await start({ token: 'se-cret' });
  const page = await browser.openPage(`${origin}/lal.html`);
  scope.defer(() => page.close());
  for (const token of ['wrong', 'se-cret']) {
    await page.waitForSelector('#token-form:not([hidden])');
    await page.fill('[name=token]', token);
    await page.click('#token-form button');
  }
  await page.waitForSelector('#server-info tr:nth-child(12)');
  expect(await page.locator('#token-form').isHidden()).toBe(true);
});

test('/api/docs shows every call, and each can be tried', async () => {
  const { server, origin } = await start();
  await RtmpPublisher.open(scope, server.port('rtmp'), 'cam');
  const page = await browser.openPage(`${origin}/api/docs`, problems);
  scope.defer(() => page.close());
  await page.waitForSelector('#calls details');
  const shown = await page.locator('#calls summary > code:first-of-type').allTextContents();
  expect(shown.sort()).toEqual(ENDPOINTS.map(({ path }) => path).sort());
  const tryOut = async (path: string, values: Record<string, string>): Promise<string> => {
    const call = page.locator('#calls details', { has: page.locator(`summary code:text-is("${path}")`) });
    await call.locator('summary').click();
    for (const [name, value] of Object.entries(values)) await call.locator(`[name=${name}]`).fill(value);
    await call.locator('button').click();
    await expect.poll(() => call.locator('pre').textContent()).toContain('error_code');
    return (await call.locator('pre').textContent()) ?? '';
  };
  expect(await tryOut('/api/stat/group', { stream_name: 'cam' })).toContain('"session_id": "RTMPPUBSUB1"');
  const kick = { stream_name: 'cam', session_id: 'RTMPPUBSUB1' };
  expect(await tryOut('/api/ctrl/kick_session', kick)).toContain('"desp": "succ"');
  await server.untilEnds(1);
  expect(problems).toEqual([]);
});

test('a page from elsewhere can look, and end nobody, unless its origin is listed', async () => {
  const stranger = await start();
  const page = await browser.openPage(`${stranger.origin}/openapi.json`);
  scope.defer(() => page.close());
  const ask = (url: string, init: object = {}): Promise<unknown> => {
    const script = `fetch(${JSON.stringify(url)}, ${JSON.stringify(init)}).then((r) => r.json(), (e) => e.name)`;
    return page.evaluate(script);
  };
  const kick = { method: 'POST', body: JSON.stringify({ stream_name: 'cam', session_id: 'RTMPPUBSUB1' }) };

  const closed = await start();
  const publisher = await RtmpPublisher.open(scope, closed.server.port('rtmp'), 'cam');
  expect(await ask(`${closed.origin}/api/stat/all_group`)).toMatchObject({ error_code: 0 });
  expect(await ask(`${closed.origin}/api/ctrl/kick_session`, kick)).toBe('TypeError');
  const json = { ...kick, headers: { 'Content-Type': 'application/json' } };
  expect(await ask(`${closed.origin}/api/ctrl/kick_session`, json)).toBe('TypeError');
  const api = new ApiClient(closed.server.port('http-api'));
  expect((await api.group('cam'))!.pub.session_id).toBe('RTMPPUBSUB1');
  publisher.destroy();

  const open = await start({ allowed_origins: [stranger.origin] });
  await RtmpPublisher.open(scope, open.server.port('rtmp'), 'cam');
  expect(await ask(`${open.origin}/api/ctrl/kick_session`, json)).toEqual({ error_code: 0, desp: 'succ' });

  const secured = await start({ token: 'secret' });
  await RtmpPublisher.open(scope, secured.server.port('rtmp'), 'cam');
  expect(await ask(`${secured.origin}/api/ctrl/kick_session`, kick)).toMatchObject({ error_code: 401 });
  const headers = { Authorization: 'Bearer secret' };
  expect(await ask(`${secured.origin}/api/ctrl/kick_session`, { ...kick, headers })).toMatchObject({
    error_code: 0,
  });
});
