/**
 * Runs in the browser: plays one URL with mpegts.js and writes down how it went. `browser.ts` calls `startWatching`
 * once, then `playbackReport`, whose result it describes as `PlaybackReport`.
 */
/* global document, mpegts, performance, window */
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

  window.startWatching = (url, config) => {
    const player = mpegts.createPlayer({ type: 'flv', isLive: true, url }, config);
    player.on(mpegts.Events.ERROR, (type, detail, info) => {
      problems.push(`mpegts.js: ${type}, ${detail}, ${JSON.stringify(info)}`);
    });
    player.attachMediaElement(video);
    loadedMs = performance.now();
    player.load();
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
