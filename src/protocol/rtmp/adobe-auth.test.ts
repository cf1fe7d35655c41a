import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { adobeAuthQuery } from './adobe-auth.ts';

const CREDENTIALS = { user: 'me', password: 'secret' };

function md5(text: string): string {
  return createHash('md5').update(text).digest('base64');
}

test('a server that wants authentication is told the user', () => {
  const description = '[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ';
  expect(adobeAuthQuery(description, CREDENTIALS, 'c')).toBe('?authmod=adobe&user=me');
});

test('a challenge is answered with salt, opaque value and the client’s own challenge', () => {
  const description =
    '[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=me&salt=S1==&challenge=Q2==&opaque=O3==';
  const response = md5(`${md5('meS1==secret')}O3==c4`);
  expect(adobeAuthQuery(description, CREDENTIALS, 'c4')).toBe(
    `?authmod=adobe&user=me&challenge=c4&response=${response}&opaque=O3==`,
  );
});

test('without an opaque value the server’s challenge takes its place', () => {
  const description = '[ authmod=adobe ] : ?reason=needauth&user=me&salt=S&challenge=Q';
  const response = md5(`${md5('meSsecret')}Qc`);
  expect(adobeAuthQuery(description, CREDENTIALS, 'c')).toBe(
    `?authmod=adobe&user=me&challenge=c&response=${response}`,
  );
});

test('other refusals are final', () => {
  for (const description of [
    '',
    '[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed&opaque=O',
    '[ code=403 need auth; authmod=llnw ]',
    '?reason=needauth&user=me',
  ]) {
    expect(adobeAuthQuery(description, CREDENTIALS, 'c')).toBeUndefined();
  }
});
