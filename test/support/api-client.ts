/** A controller of our server's HTTP API, as operators' scripts are: it sends no headers of its own. */

/** A session as `/api/stat/group` shows it; the keys that tests look at. */
interface StatSession {
  readonly session_id: string;
  readonly protocol: string;
  readonly base_type: string;
  readonly remote_addr: string;
  readonly read_bytes_sum: number;
  readonly wrote_bytes_sum: number;
}

/** The same of a stream. */
export interface StatGroup {
  readonly stream_name: string;
  readonly app_name: string;
  readonly video_codec: string;
  readonly audio_codec: string;
  readonly video_width: number;
  readonly video_height: number;
  readonly pub: StatSession;
  readonly subs: readonly StatSession[] | null;
  readonly pull: StatSession;
}

/** What every call answers. */
export interface ApiAnswer<Data> {
  readonly error_code: number;
  readonly desp: string;
  readonly data: Data;
}

export class ApiClient {
  readonly #origin: string;

  constructor(port: number) {
    this.#origin = `http://127.0.0.1:${port}`;
  }

  async get<Data>(path: string, query: Record<string, string> = {}): Promise<ApiAnswer<Data>> {
    const response = await fetch(`${this.#origin}${path}?${new URLSearchParams(query).toString()}`);
    return (await response.json()) as ApiAnswer<Data>;
  }

  async post<Data>(path: string, body: object): Promise<ApiAnswer<Data>> {
    const response = await fetch(this.#origin + path, { method: 'POST', body: JSON.stringify(body) });
    return (await response.json()) as ApiAnswer<Data>;
  }

  async group(streamName: string): Promise<StatGroup | null> {
    return (await this.get<StatGroup | null>('/api/stat/group', { stream_name: streamName })).data;
  }

  kick(streamName: string, sessionId: string): Promise<ApiAnswer<undefined>> {
    return this.post('/api/ctrl/kick_session', { stream_name: streamName, session_id: sessionId });
  }
}
