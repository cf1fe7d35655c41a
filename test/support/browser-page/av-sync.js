/**
 * Runs in the browser: notes when the demo stream's flashes are due and its beeps are heard. `browser.ts` calls
 * `startMeasuringSync` before playing.
 */
/* global AudioContext, AudioWorkletNode, OffscreenCanvas, document, performance, window */
{
  const video = document.querySelector('video');
  /** Each picture that was shown: its time in the stream, and when time 0 of the stream was by the player's clock. */
  const pictures = [];
  /** The first picture of each flash. */
  const flashes = [];
  const beeps = [];

  /** The inside of the square that scripts/make-demo-stream.mjs draws white for the first two pictures of a second. */
  const square = { x: 40, y: 150, size: 60 };
  const samples = 4;
  const white = 220;

  const context = new OffscreenCanvas(samples, samples).getContext('2d', { willReadFrequently: true });

  function isFlash() {
    context.drawImage(video, square.x, square.y, square.size, square.size, 0, 0, samples, samples);
    const { data } = context.getImageData(0, 0, samples, samples);
    return data.every((value) => value >= white);
  }

  function watchPicture() {
    let wasFlash = false;
    const look = (_nowMs, { mediaTime }) => {
      const startedMs = performance.now() - video.currentTime * 1000;
      const picture = { mediaMs: mediaTime * 1000, startedMs };
      pictures.push(picture);
      const isNow = isFlash();
      if (isNow && !wasFlash) flashes.push(picture);
      wasFlash = isNow;
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  }

  async function listen() {
    const audio = new AudioContext();
    await audio.audioWorklet.addModule('/beep-worklet.js');
    const detector = new AudioWorkletNode(audio, 'beep-detector');
    detector.port.addEventListener('message', ({ data: contextTime }) => {
      const output = audio.getOutputTimestamp();
      // Chromium keeps picture and sound together up to where the sound enters the audio graph: the way from there to
      // the loudspeaker is not the stream's.
      const heardAt =
        output.performanceTime + (contextTime - output.contextTime - audio.outputLatency) * 1000;
      beeps.push(heardAt);
    });
    detector.port.start();
    audio.createMediaElementSource(video).connect(detector).connect(audio.destination);
  }

  window.startMeasuringSync = async () => {
    watchPicture();
    await listen();
  };

  /**
   * When a picture's time had come by the player's clock, which the sound keeps. The moment when it is on the screen is
   * up to 17 ms later, on a busy machine more, and differs from page to page.
   */
  function dueMs({ mediaMs }) {
    const starts = pictures
      .filter((picture) => Math.abs(picture.mediaMs - mediaMs) <= 500)
      .map((picture) => picture.startedMs)
      .sort((a, b) => a - b);
    return mediaMs + starts[Math.floor(starts.length / 2)];
  }

  /** For each flash, by how many milliseconds its beep is late. */
  window.beepDelaysMs = () =>
    flashes
      .map(dueMs)
      .map((flash) =>
        beeps
          .map((beep) => beep - flash)
          .reduce((best, next) => (Math.abs(next) < Math.abs(best) ? next : best), Infinity),
      );
}
