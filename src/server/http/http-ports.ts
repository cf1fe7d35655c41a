import type { HttpOutputConfig } from '../config/server-config.ts';
import { listenHttp } from './http-listener.ts';
import type { HttpRoute } from './http-routes.ts';
import type { Listener } from '../listeners/listener.ts';
import type { ServerContext } from '../server-context.ts';
import type { TlsCertificates } from '../tls/tls-certificates.ts';

interface Port {
  readonly routes: HttpRoute[];
  readonly certFile: string;
  readonly keyFile: string;
}

/** Collects the routes of all sections and opens one listener per address, so that sections may share a port. */
export class HttpPorts {
  readonly #context: ServerContext;
  readonly #certificates: TlsCertificates;
  readonly #plain = new Map<string, Port>();
  readonly #secure = new Map<string, Port>();

  constructor(context: ServerContext, certificates: TlsCertificates) {
    this.#context = context;
    this.#certificates = certificates;
  }

  add(section: HttpOutputConfig, route: HttpRoute): void {
    if (section.enable) addRoute(this.#plain, section.http_listen_addr, section, route);
    if (section.enable_https) addRoute(this.#secure, section.https_listen_addr, section, route);
  }

  /** Opens the ports one after the other; those already open when one fails are the caller's to close. */
  async *listen(): AsyncGenerator<Listener> {
    for (const [address, { routes }] of this.#plain) {
      yield await listenHttp(address, routes, this.#context);
    }
    for (const [address, { routes, certFile, keyFile }] of this.#secure) {
      const certificate = await this.#certificates.open(certFile, keyFile);
      yield await listenHttp(address, routes, this.#context, certificate);
    }
  }
}

function addRoute(
  ports: Map<string, Port>,
  address: string,
  section: HttpOutputConfig,
  route: HttpRoute,
): void {
  // Switched on without an address, in the section and in default_http alike: there is nothing to open.
  if (address === '') return;
  const port = ports.get(address);
  if (port === undefined) {
    ports.set(address, {
      routes: [route],
      certFile: section.https_cert_file,
      keyFile: section.https_key_file,
    });
  } else {
    port.routes.push(route);
  }
}
