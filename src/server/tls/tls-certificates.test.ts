import pino from 'pino';
import { expect, test, vi } from 'vitest';
import { TlsCertificates } from './tls-certificates.ts';
import type { TlsCertificateSource } from './certificate-source.ts';

const logger = pino({ level: 'silent' });

function sources(): { certificates: TlsCertificates; closed: () => number } {
  const close = vi.fn<() => void>();
  const source: TlsCertificateSource = {
    current: { cert: '', key: '' },
    fingerprint: '',
    isSelfSigned: false,
    attach: () => () => undefined,
    close,
  };
  const certificates = new TlsCertificates(logger, async () => source);
  return { certificates, closed: () => close.mock.calls.length };
}

test('listeners that name the same files share a certificate, which is watched until the end', async () => {
  const { certificates, closed } = sources();
  const [first, second] = await Promise.all([certificates.open('c', 'k'), certificates.open('c', 'k')]);
  expect(first).toBe(second);
  expect(closed()).toBe(0);
  await certificates.close();
  expect(closed()).toBe(1);
});

test('a certificate that a server opens which is closed meanwhile is not watched', async () => {
  const { certificates, closed } = sources();
  await certificates.close();
  await certificates.open('c', 'k');
  expect(closed()).toBe(1);
});
