/**
 * Runs in the browser: plays one URL and writes down how it went. `browser.ts` calls `startWatching` once, then
 * `playbackReport`, whose result it describes as `PlaybackReport`.
 */
/* global Hls, document, mpegts, performance, window */
{
  const video = document.querySelector('video');
  const problems = [];
  /** Pauses that nobody asked for, after the start: when each began, and how long it took. */
  const waits = [];
  let loadedMs;
  let start;
  let waitingSinceMs;

  video.addEventListener('error', () => problems.push(`video: ${video.error?.message}`));
  video.addEventListener('waiting', () => {
    if (start !== undefined) waitingSinceMs ??= performance.now();
  });
  video.addEventListener('playing', endWait);
  video.addEventListener('timeupdate', () => video.readyState > 2 && endWait());

  function endWait() {
    if (waitingSinceMs === undefined) return;
    waits.push(performance.now() - waitingSinceMs);
    waitingSinceMs = undefined;
  }

  /** Notes when the picture or the sound first moves. `timeupdate` comes too rarely to tell. */
  function awaitStart() {
    const timer = window.setInterval(() => {
      if (video.currentTime === 0 || video.paused || video.readyState < 3) return;
      window.clearInterval(timer);
      start = { ...counters(), startMs: performance.now() - loadedMs };
    }, 10);
  }

  function counters() {
    const { totalVideoFrames, droppedVideoFrames, corruptedVideoFrames } = video.getVideoPlaybackQuality();
    return {
      nowMs: performance.now(),
      positionMs: video.currentTime * 1000,
      frames: totalVideoFrames,
      droppedFrames: droppedVideoFrames,
      corruptedFrames: corruptedVideoFrames,
      audioBytes: video.webkitAudioDecodedByteCount,
    };
  }

  /** What plays each form of a stream. */
  const loaders = {
    flv: (url, config) => loadWithMpegts('flv', url, config),
    ts: (url, config) => loadWithMpegts('mpegts', url, config),
    hls: loadWithHls,
    'native-hls': (url) => {
      // Our pages come from elsewhere: without it nobody may look at the picture, nor listen.
      video.crossOrigin = 'anonymous';
      video.src = url;
    },
  };

  function loadWithMpegts(type, url, config) {
    const player = mpegts.createPlayer({ type, isLive: true, url }, config);
    player.on(mpegts.Events.ERROR, (kind, detail, info) => {
      problems.push(`mpegts.js: ${kind}, ${detail}, ${JSON.stringify(info)}`);
    });
    player.attachMediaElement(video);
    player.load();
  }

  function loadWithHls(url) {
    const player = new Hls();
    // Also those that it gets over by itself: with a good stream it has none.
    player.on(Hls.Events.ERROR, (_event, { type, details, fatal, reason, error }) => {
      problems.push(`hls.js: ${type}, ${details}, fatal ${fatal}, ${reason ?? error?.message}`);
    });
    player.attachMedia(video);
    player.loadSource(url);
  }

  window.startWatching = (form, url, config) => {
    loadedMs = performance.now();
    loaders[form](url, config);
    video.play().catch((error) => problems.push(`play: ${error.message}`));
    awaitStart();
  };

  window.playbackReport = () => {
    const now = counters();
    const pending = waitingSinceMs === undefined ? [] : [now.nowMs - waitingSinceMs];
    const { buffered } = video;
    return {
      problems,
      waitsMs: [...waits, ...pending],
      width: video.videoWidth,
      height: video.videoHeight,
      bufferedMs: buffered.length === 0 ? 0 : (buffered.end(buffered.length - 1) - video.currentTime) * 1000,
      startMs: start?.startMs,
      corruptedFrames: now.corruptedFrames,
      elapsedMs: now.nowMs - (start?.nowMs ?? now.nowMs),
      playedMs: now.positionMs - (start?.positionMs ?? now.positionMs),
      frames: now.frames - (start?.frames ?? 0),
      droppedFrames: now.droppedFrames - (start?.droppedFrames ?? 0),
      audioBytes: now.audioBytes - (start?.audioBytes ?? 0),
      beepDelaysMs: window.beepDelaysMs(),
    };
  };
}
