import type { EndReason } from '../../media/end-reason.ts';

/** Turns a flush of interleaved packets into what a transport's viewers receive; the hub calls it once for all of them. */
export interface RtspFraming {
  frame(packets: Uint8Array): Uint8Array;
}

/** What a transport tells its session; never before `start` has returned. */
export interface RtspTransportListener {
  /** @param chunk kept; nobody changes it */
  received(chunk: Uint8Array): void;
  /** What was written has been handed to the operating system. */
  drained(): void;
  /** The first time counts; nothing follows. */
  ended(reason: EndReason): void;
}

/** What carries one RTSP connection: a socket, a WebSocket, or the two HTTP requests of a tunnel. */
export interface RtspServerTransport {
  readonly name: 'tcp' | 'websocket' | 'http-tunnel';
  readonly isSecure: boolean;
  /** `ip:port` of the client. */
  readonly remoteAddress: string;
  /** The client's address alone; empty where there is none any more. */
  readonly remoteHost: string;
  /** The address of ours that the client reached. */
  readonly localHost: string;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Bytes taken and not yet handed to the operating system. */
  readonly queuedBytes: number;
  /** What `sendMedia` expects its bytes to have gone through; `undefined`: nothing. */
  readonly framing: RtspFraming | undefined;

  /** Begins to read. */
  start(listener: RtspTransportListener): void;
  /** One reply, or one interleaved packet. @returns false when bytes wait; `drained` will be called */
  send(bytes: Uint8Array): boolean;
  /** Whole interleaved packets, framed; shared by many and never changed. @returns as `send`; false for ever once closed */
  sendMedia(bytes: Uint8Array): boolean;
  pause(): void;
  resume(): void;
  /** Sends what waits, then ends; not for ever, even if the client does not read on. */
  close(reason: EndReason): void;
}
