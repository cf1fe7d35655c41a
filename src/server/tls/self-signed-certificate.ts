import { generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type * as Forge from 'node-forge';

/** A certificate chain and its private key, PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;

/** Apple's clients refuse certificates that live longer. */
const LIFETIME_MS = 397 * DAY_MS;

/** A kept certificate with less time left than this is replaced at the next start. */
const RENEW_BEFORE_END_MS = 30 * DAY_MS;

/** Clocks of clients differ. */
const BACKDATED_MS = DAY_MS;

/**
 * The self-signed certificate of this installation: the one kept in the two files, or a new one that is then kept there.
 * @returns `keptIn` is absent when the files cannot be written; the next start makes another one then
 */
export async function ownSelfSignedCertificate(
  certFile: string,
  keyFile: string,
  nowMs: number,
): Promise<CertificatePair & { isNew: boolean; keptIn?: string }> {
  // Loaded before looking at the files, so that from there on nothing else of this process can come between.
  const forge = (await import('node-forge')).default;
  const kept = readKept(certFile, keyFile, nowMs);
  if (kept !== undefined) return { ...kept, isNew: false, keptIn: certFile };
  const pair = createSelfSigned(forge, nowMs);
  try {
    mkdirSync(dirname(certFile), { recursive: true });
    writeFileSync(keyFile, pair.key, { mode: 0o600 });
    writeFileSync(certFile, pair.cert);
    return { ...pair, isNew: true, keptIn: certFile };
  } catch {
    return { ...pair, isNew: true };
  }
}

function readKept(certFile: string, keyFile: string, nowMs: number): CertificatePair | undefined {
  try {
    const pair = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
    const endMs = new X509Certificate(pair.cert).validToDate.getTime();
    return endMs - nowMs > RENEW_BEFORE_END_MS ? pair : undefined;
  } catch {
    return undefined; // not there, or not a certificate any more
  }
}

/** RSA, because there are players that know nothing newer. */
function createSelfSigned(forge: typeof Forge, nowMs: number): CertificatePair {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  // RFC 5280, 4.1.2.2: positive and at most 20 octets.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(nowMs - BACKDATED_MS);
  certificate.validity.notAfter = new Date(nowMs - BACKDATED_MS + LIFETIME_MS);
  const name = [{ name: 'commonName', value: 'lal-ts self-signed' }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', serverAuth: true },
    {
      name: 'subjectAltName',
      altNames: [
        { type: 2, value: 'localhost' },
        { type: 2, value: hostname() },
        { type: 7, ip: '127.0.0.1' },
        { type: 7, ip: '::1' },
      ],
    },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(certificate), key: privateKey };
}
