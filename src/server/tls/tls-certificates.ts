import type { Logger } from 'pino';
import { createTlsCertificateSource, type TlsCertificateSource } from './certificate-source.ts';

/** The certificates of all TLS listeners of one server; listeners that name the same files share one. */
export class TlsCertificates {
  readonly #logger: Logger;
  readonly #read: typeof createTlsCertificateSource;
  readonly #sources = new Map<string, Promise<TlsCertificateSource>>();
  #isClosed = false;

  constructor(logger: Logger, read: typeof createTlsCertificateSource = createTlsCertificateSource) {
    this.#logger = logger;
    this.#read = read;
  }

  /** @throws {CertificateError} the files are there but cannot be used */
  open(certFile: string, keyFile: string): Promise<TlsCertificateSource> {
    const key = JSON.stringify([certFile, keyFile]);
    let source = this.#sources.get(key);
    if (source === undefined) {
      source = this.#open(certFile, keyFile);
      this.#sources.set(key, source);
    }
    return source;
  }

  /** Stops watching the files; those that are opened later are not watched. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const source of await Promise.allSettled(this.#sources.values())) {
      if (source.status === 'fulfilled') source.value.close();
    }
  }

  async #open(certFile: string, keyFile: string): Promise<TlsCertificateSource> {
    const source = await this.#read({ certFile, keyFile, logger: this.#logger });
    // The server was closed while it was being started.
    if (this.#isClosed) source.close();
    return source;
  }
}
