import { expect, test } from 'vitest';
import { sourceOf, type RequestSource } from './origin-check.ts';

const listed = ['https://console.example'];

test.each<[string, RequestSource, Record<string, string>]>([
  ['a program', 'own', { host: 'media.example:8083' }],
  ['a script of Node', 'own', { host: 'media.example:8083', 'sec-fetch-mode': 'cors' }],
  ['an address typed by hand', 'own', { host: 'media.example:8083', 'sec-fetch-site': 'none' }],
  ['a page from the API by IP address', 'own', { host: '10.0.0.1:8083', origin: 'http://10.0.0.1:8083' }],
  ['the same by IPv6', 'own', { host: '[::1]:8083', origin: 'http://[::1]:8083' }],
  ['the same by localhost', 'own', { host: 'localhost:8083', origin: 'http://localhost:8083' }],
  ['the same by a name of the local network', 'own', { host: 'box:8083', origin: 'http://box:8083' }],
  ['the same without Origin', 'own', { host: '10.0.0.1:8083', referer: 'http://10.0.0.1:8083/lal.html' }],
  [
    'a page that anybody could point here',
    'foreign',
    { host: 'evil.example', origin: 'http://evil.example' },
  ],
  ['another port', 'foreign', { host: 'localhost:8083', origin: 'http://localhost:3000' }],
  ['another host', 'foreign', { host: '10.0.0.1:8083', origin: 'https://evil.example' }],
  ['a file or a sandbox', 'foreign', { host: '10.0.0.1:8083', origin: 'null' }],
  ['no origin at all', 'foreign', { host: '10.0.0.1:8083', origin: '' }],
  ['no URL', 'foreign', { host: '10.0.0.1:8083', origin: '10.0.0.1:8083' }],
  ['an image in a page', 'foreign', { host: '10.0.0.1:8083', referer: 'https://evil.example/' }],
  ['the same without Referer', 'foreign', { host: '10.0.0.1:8083', 'sec-fetch-site': 'cross-site' }],
  ['a page of a sibling', 'foreign', { host: '10.0.0.1:8083', 'sec-fetch-site': 'same-site' }],
  ['a listed origin', 'listed', { host: '10.0.0.1:8083', origin: 'https://console.example' }],
  ['its image', 'listed', { host: '10.0.0.1:8083', referer: 'https://console.example/page' }],
  ['a listed name with another scheme', 'foreign', { host: '10.0.0.1', origin: 'http://console.example' }],
  ['what ends like a listed one', 'foreign', { host: '10.0.0.1', origin: 'https://evil-console.example' }],
])('%s is %s', (_what, source, headers) => {
  expect(sourceOf(headers, listed)).toBe(source);
});
