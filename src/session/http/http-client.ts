import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';

/** The beginning of an answer; its body is still to come. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Destroying it closes the connection. */
  readonly body: Readable;
}

/** Makes requests; where tests have none of the network. */
export interface HttpClient {
  /**
   * @param url of http or https; user and password in it are sent as Basic credentials
   * @param signal ends the request, also while its body is being read
   */
  get(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<HttpAnswer>;
  /** Closes connections that are kept for further requests. */
  close(): void;
}

/** How the servers of https URLs are checked. */
export interface HttpTlsOptions {
  /** False takes any certificate, expired, self-signed or of another host. True unless said otherwise. */
  readonly verifyCertificate?: boolean | undefined;
  /** Certificates in PEM form to trust instead of the system's. */
  readonly certificateAuthorities?: string | undefined;
}

/** One for the list and one for fragments would do. */
const AGENT_OPTIONS = { keepAlive: true, maxSockets: 4 } as const;

/** A client over the machine's own network. Connections are kept, so it must be closed. */
export function networkHttpClient(tls: HttpTlsOptions = {}): HttpClient {
  const agents = { http: new HttpAgent(AGENT_OPTIONS), https: new HttpsAgent(AGENT_OPTIONS) };
  const tlsOptions = {
    rejectUnauthorized: tls.verifyCertificate ?? true,
    ...(tls.certificateAuthorities === undefined ? {} : { ca: tls.certificateAuthorities }),
  };
  const open = (url: string, request: RequestOptions, mayReuse: boolean): ClientRequest =>
    url.startsWith('https:')
      ? httpsRequest(url, { ...request, ...tlsOptions, agent: mayReuse ? agents.https : false })
      : httpRequest(url, { ...request, agent: mayReuse ? agents.http : false });
  return {
    async get(url, headers, signal) {
      const request = { headers, signal };
      try {
        return await answerOf(open(url, request, true));
      } catch (error) {
        // The server closed a connection that was kept, just when we used it again.
        if (!(error instanceof StaleConnection)) throw error;
        return answerOf(open(url, request, false));
      }
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

class StaleConnection extends Error {}

function answerOf(request: ClientRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    request.on('response', (body: IncomingMessage) => {
      // Whoever reads hears of errors; whoever does not must not be ended by them.
      body.on('error', () => undefined);
      resolve({ status: body.statusCode!, headers: body.headers, body });
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = request.reusedSocket && error.code === 'ECONNRESET';
      reject(isStale ? new StaleConnection(error.message, { cause: error }) : error);
    });
    request.end();
  });
}
