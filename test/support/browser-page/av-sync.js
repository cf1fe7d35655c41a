/**
 * Runs in the browser: notes when the demo stream's flashes are shown and its beeps are heard. `browser.ts` calls
 * `startMeasuringSync` before playing.
 */
/* global AudioContext, AudioWorkletNode, document, window */
{
  const video = document.querySelector('video');
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
    const look = (_nowMs, { expectedDisplayTime }) => {
      const isNow = isFlash();
      if (isNow && !wasFlash) flashes.push(expectedDisplayTime);
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

  /** For each flash, by how many milliseconds its beep is late. */
  window.beepDelaysMs = () =>
    flashes.map((flash) =>
      beeps
        .map((beep) => beep - flash)
        .reduce((best, next) => (Math.abs(next) < Math.abs(best) ? next : best), Infinity),
    );
}
