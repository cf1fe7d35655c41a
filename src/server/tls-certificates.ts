import type { Logger } from 'pino';
import { createTlsCertificateSource, type TlsCertificateSource } from './tls/certificate-source.ts';

/** The certificates of all TLS listeners of one server; listeners that name the same files share one. */
export class TlsCertificates {
  readonly #logger: Logger;
  readonly #sources = new Map<string, Promise<TlsCertificateSource>>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @throws {CertificateError} the files are there but cannot be used */
  open(certFile: string, keyFile: string): Promise<TlsCertificateSource> {
    const key = JSON.stringify([certFile, keyFile]);
    let source = this.#sources.get(key);
    if (source === undefined) {
      source = createTlsCertificateSource({ certFile, keyFile, logger: this.#logger });
      this.#sources.set(key, source);
    }
    return source;
  }

  /** Stops watching the files. */
  async close(): Promise<void> {
    for (const source of await Promise.allSettled(this.#sources.values())) {
      if (source.status === 'fulfilled') source.value.close();
    }
  }
}
