import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, watch, type FSWatcher } from 'node:fs';
import { dirname, join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Logger } from 'pino';
import { systemClock, type Clock } from '../../media/clock.ts';
import { ownSelfSignedCertificate, type CertificatePair } from './self-signed-certificate.ts';

/** Time for a tool to finish writing both files after the first sign of a change. */
const SETTLE_MS = 200;

/** Whatever takes a new certificate while it runs: tls.Server and https.Server do. */
interface CertificateUser {
  setSecureContext(options: { cert: string; key: string }): void;
}

export interface CertificateSourceOptions {
  /** PEM file of the certificate chain; empty: none. */
  readonly certFile: string;
  readonly keyFile: string;
  readonly logger: Logger;
  readonly clock?: Pick<Clock, 'wallMs' | 'after'>;
  /** Where a self-signed certificate is kept; default `conf`, relative to the working directory. */
  readonly autoFolder?: string;
}

/** Certificate files that are there but cannot be used. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly code = 'ERR_TLS_CERTIFICATE';
}

/** The certificate of one or more TLS listeners, kept up to date. */
export interface TlsCertificateSource {
  /** PEM texts to make a server with; the newest ones. */
  readonly current: CertificatePair;
  /** SHA-256 of the newest certificate, `AB:CD:…`. */
  readonly fingerprint: string;
  readonly isSelfSigned: boolean;
  /** Hands every later certificate to `user`. @returns undoes it */
  attach(user: CertificateUser): () => void;
  /** Stops watching the files. */
  close(): void;
}

/**
 * Reads the files, and reads them again whenever something changes in their folders: new connections then get the new
 * certificate, running ones stay. Where neither file exists, or none is named, a self-signed certificate stands in,
 * which is replaced as soon as the files turn up.
 * @throws {CertificateError} when the files exist and do not form a usable pair
 */
export async function createTlsCertificateSource(
  options: CertificateSourceOptions,
): Promise<TlsCertificateSource> {
  const { certFile, keyFile, logger, clock = systemClock, autoFolder = 'conf' } = options;
  let pair: CertificatePair;
  let isSelfSigned = false;
  if (existsSync(certFile) || existsSync(keyFile)) {
    pair = readPair(certFile, keyFile);
    logger.info(`certificate ${certFile} loaded: ${summary(pair)}`);
  } else {
    const own = await ownSelfSignedCertificate(
      join(autoFolder, 'auto-cert.pem'),
      join(autoFolder, 'auto-key.pem'),
      clock.wallMs(),
    );
    pair = own;
    isSelfSigned = true;
    const why = certFile === '' ? 'no certificate is configured' : `${certFile} and ${keyFile} do not exist`;
    const where = own.keptIn === undefined ? 'kept in memory only' : `kept in ${own.keptIn}`;
    logger.warn(
      `${why}: using a ${own.isNew ? 'new ' : ''}self-signed certificate, ${where}: ${summary(own)}`,
    );
  }
  return new WatchedCertificate(certFile, keyFile, pair, isSelfSigned, logger, clock);
}

class WatchedCertificate implements TlsCertificateSource {
  current: CertificatePair;
  isSelfSigned: boolean;
  readonly #certFile: string;
  readonly #keyFile: string;
  readonly #logger: Logger;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #users = new Set<CertificateUser>();
  readonly #watchers: FSWatcher[] = [];
  #cancelReading: (() => void) | undefined;
  #lastProblem = '';

  constructor(
    certFile: string,
    keyFile: string,
    pair: CertificatePair,
    isSelfSigned: boolean,
    logger: Logger,
    clock: Pick<Clock, 'after'>,
  ) {
    this.current = pair;
    this.isSelfSigned = isSelfSigned;
    this.#certFile = certFile;
    this.#keyFile = keyFile;
    this.#logger = logger;
    this.#clock = clock;
    if (certFile === '' || keyFile === '') return;
    // The folders, not the files: editors and certificate tools replace files by renaming.
    for (const folder of new Set([dirname(certFile), dirname(keyFile)])) this.#watch(folder);
  }

  get fingerprint(): string {
    return new X509Certificate(this.current.cert).fingerprint256;
  }

  attach(user: CertificateUser): () => void {
    this.#users.add(user);
    return () => this.#users.delete(user);
  }

  close(): void {
    this.#cancelReading?.();
    for (const watcher of this.#watchers.splice(0)) watcher.close();
    this.#users.clear();
  }

  #watch(folder: string): void {
    const complain = (error: Error): void =>
      this.#logger.warn(`changes of certificates in ${folder} will not be noticed: ${error.message}`);
    // A folder that is not there yet is no reason to complain: the line about the stand-in has said it.
    if (!existsSync(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#readSoon());
      watcher.on('error', complain);
      this.#watchers.push(watcher);
    } catch (error) {
      complain(error as Error);
    }
  }

  /** Not put off by further changes: a busy folder must not delay a new certificate for ever. */
  #readSoon(): void {
    this.#cancelReading ??= this.#clock.after(SETTLE_MS, () => {
      this.#cancelReading = undefined;
      this.#readAgain();
    });
  }

  #readAgain(): void {
    if (!existsSync(this.#certFile) || !existsSync(this.#keyFile)) return; // being replaced, or gone: keep the old one
    let pair: CertificatePair;
    try {
      pair = readPair(this.#certFile, this.#keyFile);
    } catch (error) {
      this.#complainOnce((error as Error).message);
      return;
    }
    this.#lastProblem = '';
    if (pair.cert === this.current.cert && pair.key === this.current.key) return;
    this.current = pair;
    this.isSelfSigned = false;
    for (const user of this.#users) user.setSecureContext({ cert: pair.cert, key: pair.key });
    this.#logger.info(`certificate ${this.#certFile} changed and is used from now on: ${summary(pair)}`);
  }

  #complainOnce(problem: string): void {
    if (problem === this.#lastProblem) return;
    this.#lastProblem = problem;
    this.#logger.warn(`${problem}; the certificate used so far stays`);
  }
}

function readPair(certFile: string, keyFile: string): CertificatePair {
  try {
    const pair = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
    createSecureContext(pair);
    // An empty certificate makes a context too.
    void new X509Certificate(pair.cert);
    return pair;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CertificateError(`certificate ${certFile} with key ${keyFile} cannot be used: ${reason}`, {
      cause: error,
    });
  }
}

function summary({ cert }: CertificatePair): string {
  const { fingerprint256, validTo } = new X509Certificate(cert);
  return `SHA-256 ${fingerprint256}, valid until ${validTo}`;
}
