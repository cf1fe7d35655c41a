import { X509Certificate } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../media/clock.ts';
import {
  CertificateError,
  createTlsCertificateSource,
  type TlsCertificateSource,
} from './certificate-source.ts';
import { ownSelfSignedCertificate } from './self-signed-certificate.ts';

let folder: string;
let certFile: string;
let keyFile: string;
let autoFolder: string;
const lines: { level: number; msg: string }[] = [];
const logger = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) });
const sources: TlsCertificateSource[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lal-tls-'));
  mkdirSync(join(folder, 'tls'));
  certFile = join(folder, 'tls', 'cert.pem');
  keyFile = join(folder, 'tls', 'key.pem');
  autoFolder = join(folder, 'conf');
  lines.length = 0;
});

afterEach(() => {
  for (const source of sources.splice(0)) source.close();
  rmSync(folder, { recursive: true });
});

async function open(cert = certFile, key = keyFile): Promise<TlsCertificateSource> {
  const source = await createTlsCertificateSource({ certFile: cert, keyFile: key, logger, autoFolder });
  sources.push(source);
  return source;
}

/** Puts a fresh pair where the config points to, each file by rename as certificate tools do. */
async function install(): Promise<string> {
  const made = mkdtempSync(join(folder, 'made-'));
  const { cert } = await ownSelfSignedCertificate(join(made, 'c'), join(made, 'k'), Date.now());
  copyFileSync(join(made, 'k'), `${keyFile}.new`);
  renameSync(`${keyFile}.new`, keyFile);
  copyFileSync(join(made, 'c'), `${certFile}.new`);
  renameSync(`${certFile}.new`, certFile);
  return new X509Certificate(cert).fingerprint256;
}

describe('a self-signed certificate', () => {
  test('is made when none is named, kept, and used again at the next start', async () => {
    const first = await open('', '');
    expect(first.isSelfSigned).toBe(true);
    expect(lines[0]!.msg).toContain(
      `new self-signed certificate, kept in ${join(autoFolder, 'auto-cert.pem')}`,
    );
    expect(lines[0]!.msg).toContain(first.fingerprint);
    expect(statSync(join(autoFolder, 'auto-key.pem')).mode & 0o777).toBe(0o600);
    const second = await open('', '');
    expect(second.fingerprint).toBe(first.fingerprint);
    expect(lines[1]!.msg).toContain('using a self-signed certificate');
  });

  test('stands in for files that do not exist, and two listeners opened together share it', async () => {
    const [first, second] = await Promise.all([open(), open(join(folder, 'a'), join(folder, 'b'))]);
    expect(first.fingerprint).toBe(second.fingerprint);
    expect(lines[0]!.msg).toContain('do not exist: using a new self-signed certificate');
    expect(existsSync(certFile)).toBe(false);
  });

  test('is good for a TLS client that trusts it, by name and by address', async () => {
    const source = await open('', '');
    const certificate = new X509Certificate(source.current.cert);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkIP('::1')).toBeDefined();
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    const days = (certificate.validToDate.getTime() - certificate.validFromDate.getTime()) / 86_400_000;
    expect(days).toBeLessThanOrEqual(398);
    const server = await listening(source);
    expect(await fingerprintServed(server, source.current.cert)).toBe(source.fingerprint);
    server.close();
  });

  test('is replaced when it is about to end', async () => {
    const first = await open('', '');
    const later = { ...systemClock, wallMs: () => Date.now() + 380 * 86_400_000 };
    const second = await createTlsCertificateSource({
      certFile: '',
      keyFile: '',
      logger,
      autoFolder,
      clock: later,
    });
    second.close();
    expect(second.fingerprint).not.toBe(first.fingerprint);
  });

  test('stays in memory where nothing can be written', async () => {
    writeFileSync(autoFolder, 'a file where the folder should be');
    const source = await open('', '');
    expect(source.isSelfSigned).toBe(true);
    expect(lines[0]!.msg).toContain('kept in memory only');
  });
});

describe('certificate files', () => {
  test('are loaded and named in the log with their fingerprint', async () => {
    const fingerprint = await install();
    const source = await open();
    expect(source.isSelfSigned).toBe(false);
    expect(source.fingerprint).toBe(fingerprint);
    expect(lines[0]!.msg).toContain(fingerprint);
    expect(existsSync(autoFolder)).toBe(false);
  });

  test.each(['no PEM', ''])('that hold "%s" are refused with their names', async (content) => {
    await install();
    writeFileSync(certFile, content);
    await expect(open()).rejects.toThrow(CertificateError);
    await expect(open()).rejects.toThrow(certFile);
  });

  test('of which only one exists, or that do not fit each other, are refused', async () => {
    await install();
    const otherKey = readFileSync(keyFile, 'utf8');
    await install();
    writeFileSync(keyFile, otherKey);
    await expect(open()).rejects.toMatchObject({ code: 'ERR_TLS_CERTIFICATE' });
    rmSync(keyFile);
    await expect(open()).rejects.toThrow(/key\.pem/);
  });

  test('that change are used for new connections, without a restart', async () => {
    const before = await install();
    const source = await open();
    const server = await listening(source);
    const detach = source.attach(server);
    expect(await fingerprintServed(server)).toBe(before);
    const after = await install();
    await vi.waitFor(() => expect(source.fingerprint).toBe(after), { timeout: 5000 });
    expect(await fingerprintServed(server)).toBe(after);
    expect(lines.at(-1)!.msg).toContain('changed and is used from now on');
    detach();
    server.close();
  });

  test('that turn up later replace the self-signed one', async () => {
    const source = await open();
    const given: string[] = [];
    source.attach({ setSecureContext: ({ cert }) => given.push(new X509Certificate(cert).fingerprint256) });
    const fingerprint = await install();
    await vi.waitFor(() => expect(given).toEqual([fingerprint]), { timeout: 5000 });
    expect(source.isSelfSigned).toBe(false);
  });

  test('that become unusable leave the old certificate in place, with one warning', async () => {
    const before = await install();
    const source = await open();
    writeFileSync(certFile, 'half a certif');
    await vi.waitFor(() => expect(lines.at(-1)!.level).toBe(40), { timeout: 5000 });
    writeFileSync(join(folder, 'tls', 'another-file'), 'x');
    await new Promise((resolve) => {
      setTimeout(resolve, 400);
    });
    expect(lines.filter(({ level }) => level === 40)).toHaveLength(1);
    expect(source.fingerprint).toBe(before);
    const after = await install();
    await vi.waitFor(() => expect(source.fingerprint).toBe(after), { timeout: 5000 });
  });
});

async function listening(source: TlsCertificateSource): Promise<Server> {
  const server = createServer(source.current);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

/** @param ca trusted by the client; without it nothing is checked */
async function fingerprintServed(server: Server, ca?: string): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const socket = await new Promise<TLSSocket>((resolve, reject) => {
    const trust = ca === undefined ? { rejectUnauthorized: false } : { ca };
    const client = connect({ port, host: '127.0.0.1', servername: 'localhost', ...trust }, () =>
      resolve(client),
    );
    client.on('error', reject);
  });
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}
