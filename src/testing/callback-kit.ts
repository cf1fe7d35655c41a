/** A receiver of callbacks in memory, and sessions to tell it about. */
import type { CallbackClient, CallbackRequest, CallbackResult } from '../server/notify/callback-client.ts';
import type { SessionRecord } from '../server/sessions/session-record.ts';
import { settled } from './settled.ts';

/** One request that has come. */
export interface HeardCallback {
  /** Path of the URL: the callback's name, where the test gives such URLs. */
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly text: string;
  readonly request: CallbackRequest;
  readonly answer: (result: CallbackResult) => void;
}

/** Takes requests; answers at once with `result`, or when the test says so. */
export class FakeCallbackClient implements CallbackClient {
  /** All that have come. */
  readonly heard: HeardCallback[] = [];
  /** Those without an answer yet. */
  readonly open: HeardCallback[] = [];
  result: CallbackResult | undefined = { status: 200, text: '' };
  isClosed = false;

  post(request: CallbackRequest): Promise<CallbackResult> {
    return new Promise((resolve) => {
      const callback: HeardCallback = {
        path: new URL(request.endpoint.url).pathname.slice(1),
        body: JSON.parse(request.body) as Record<string, unknown>,
        text: request.body,
        request,
        answer: (result) => {
          const at = this.open.indexOf(callback);
          if (at >= 0) this.open.splice(at, 1);
          resolve(result);
        },
      };
      this.heard.push(callback);
      this.open.push(callback);
      const closed: CallbackResult = { code: 'ERR_NOTIFY_CONNECTION', message: 'closed' };
      const result = this.isClosed ? closed : this.result;
      if (result !== undefined) callback.answer(result);
    });
  }

  /** Answers all that are open now. */
  answerAll(result: CallbackResult): void {
    for (const callback of this.open.slice()) callback.answer(result);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.answerAll({ code: 'ERR_NOTIFY_CONNECTION', message: 'closed' });
    await settled();
  }
}

/** A session of which only the name and what `other` says matters. */
export function sessionRecord(
  id: string,
  streamKey: string,
  other: Partial<SessionRecord> = {},
): SessionRecord {
  return {
    id,
    protocol: 'RTMP',
    baseType: 'PUB',
    streamKey,
    remoteAddress: '192.0.2.1:5000',
    url: `rtmp://127.0.0.1/live/${streamKey}?token=1`,
    appName: 'live',
    streamName: streamKey,
    urlParam: 'token=1',
    startedMs: 0,
    bytesRead: () => 7,
    bytesWritten: () => 9,
    close: () => {},
    ...other,
  };
}
