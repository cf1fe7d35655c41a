/** Chromium without a window, and pages in it that play our streams with mpegts.js, hls.js and by itself. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser as Chromium, Page } from 'playwright-core';
import type { Scope } from './scope.ts';

/** Debian's; `npm test` installs it. */
const chromiumPath = '/usr/bin/chromium';

const chromiumArguments = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  // The test servers' certificate is self-signed.
  '--ignore-certificate-errors',
];

/** Everything that the pages may load, by path. */
const pageFiles: Record<string, { type: string; file: URL | string }> = {
  '/': { type: 'text/html', file: new URL('browser-page/index.html', import.meta.url) },
  '/watch.js': { type: 'text/javascript', file: new URL('browser-page/watch.js', import.meta.url) },
  '/av-sync.js': { type: 'text/javascript', file: new URL('browser-page/av-sync.js', import.meta.url) },
  '/beep-worklet.js': {
    type: 'text/javascript',
    file: new URL('browser-page/beep-worklet.js', import.meta.url),
  },
  '/mpegts.js': { type: 'text/javascript', file: fileURLToPath(import.meta.resolve('mpegts.js')) },
  '/hls.js': {
    type: 'text/javascript',
    file: fileURLToPath(import.meta.resolve('hls.js/dist/hls.min.js')),
  },
};

/**
 * What a URL leads to, and so what plays it: FLV and MPEG-TS mpegts.js, HLS hls.js or Chromium itself. Both libraries
 * with their own defaults.
 */
export type StreamForm = 'flv' | 'ts' | 'hls' | 'native-hls';

/** Options of mpegts.js, as its documentation names them. */
export interface MpegtsConfig {
  /** Off: what arrives is handed to the decoder at once, as players do that want to be close to live. */
  readonly enableStashBuffer?: boolean;
}

/** How playing went. Counters begin where the picture, or the sound, first moved. */
export interface PlaybackReport {
  /** Errors of the player, of the video element and of the page's scripts. */
  readonly problems: readonly string[];
  /** From handing the URL to the player to the first movement; undefined while there is none. */
  readonly startMs?: number;
  /** How long each pause took that the player made because it had nothing to play. */
  readonly waitsMs: readonly number[];
  /** Since the start, on the wall clock and on the media's. */
  readonly elapsedMs: number;
  readonly playedMs: number;
  /** Downloaded and not yet played. */
  readonly bufferedMs: number;
  readonly width: number;
  readonly height: number;
  /** Frames that left the decoder, the dropped ones included. */
  readonly frames: number;
  /** Decoded but shown too late to be seen: what a busy machine does. */
  readonly droppedFrames: number;
  readonly corruptedFrames: number;
  /** Coded bytes of the audio that was decoded. */
  readonly audioBytes: number;
  /** By how many milliseconds each beep came later than its flash, where `measureSync` was called. */
  readonly beepDelaysMs: readonly number[];
}

/** One page with one video element. */
export class BrowserPlayer {
  readonly #page: Page;
  readonly #scriptErrors: string[] = [];

  constructor(page: Page) {
    this.#page = page;
    page.on('pageerror', (error) => this.#scriptErrors.push(`script: ${error.message}`));
  }

  /** Begins to play; to be called once. `report` tells how it goes. */
  async play(form: StreamForm, url: string, config: MpegtsConfig = {}): Promise<void> {
    await this.#page.evaluate(`startWatching(...${JSON.stringify([form, url, config])})`);
  }

  /** To be called before `play`, for a stream that flashes and beeps as the demo does. */
  async measureSync(): Promise<void> {
    await this.#page.evaluate('startMeasuringSync()');
  }

  async report(): Promise<PlaybackReport> {
    const report: PlaybackReport = await this.#page.evaluate('playbackReport()');
    return { ...report, problems: [...report.problems, ...this.#scriptErrors] };
  }

  close(): Promise<void> {
    return this.#page.close();
  }

  /** What it is playing moves; the report of that moment. Fails when it does not come so far in time. */
  async started(timeoutMs: number): Promise<PlaybackReport> {
    await this.#until('playbackReport().startMs !== undefined', timeoutMs);
    return this.report();
  }

  /** So much has been played since the start. */
  async untilPlayed(durationMs: number, timeoutMs = 30_000): Promise<void> {
    await this.#until(`playbackReport().playedMs >= ${durationMs}`, timeoutMs);
  }

  /** @param condition in the page */
  async #until(condition: string, timeoutMs: number): Promise<void> {
    await this.#page.waitForFunction(condition, undefined, { timeout: timeoutMs }).catch(async () => {
      throw new Error(`after ${timeoutMs} ms not ${condition}: ${JSON.stringify(await this.report())}`);
    });
  }
}

/** A Chromium with a profile of its own, and the server that its pages come from. */
export class Browser {
  readonly #chromium: Chromium;
  readonly #pageUrl: string;

  private constructor(chromium: Chromium, pageUrl: string) {
    this.#chromium = chromium;
    this.#pageUrl = pageUrl;
  }

  /** Both end with the scope. */
  static async launch(scope: Scope): Promise<Browser> {
    const pageUrl = await servePages(scope);
    const running = await chromium.launch({ executablePath: chromiumPath, args: chromiumArguments });
    scope.defer(() => running.close());
    return new Browser(running, pageUrl);
  }

  /** A page that is ready to play: opening one costs a busy machine a second, which is not the stream's fault. */
  async openPlayer(): Promise<BrowserPlayer> {
    // Each in a window of its own: Chromium does not draw what is in a hidden tab.
    const page = await this.#chromium.newPage();
    const player = new BrowserPlayer(page);
    await page.goto(this.#pageUrl);
    return player;
  }

  /**
   * Any page, by its URL.
   * @param problems gets what the page complains about: errors of scripts, and what its own policy forbids
   */
  async openPage(url: string, problems: string[] = []): Promise<Page> {
    const page = await this.#chromium.newPage();
    page.on('pageerror', (error) => problems.push(`script: ${error.message}`));
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('dialog', (dialog) => problems.push(`dialog: ${dialog.message()}`));
    await page.goto(url);
    return page;
  }

  openPlayers(count: number): Promise<BrowserPlayer[]> {
    return Promise.all(Array.from({ length: count }, () => this.openPlayer()));
  }
}

async function servePages(scope: Scope): Promise<string> {
  const server = createServer((request, response) => {
    const page = pageFiles[request.url ?? ''];
    if (page === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': page.type }).end(readFileSync(page.file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  scope.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
