/* global AudioWorkletProcessor, currentTime, registerProcessor, sampleRate */

const loud = 0.1;
/** So much silence ends a beep, in samples. */
const silence = sampleRate / 4;

/** Posts the time on the audio context's clock of each first loud sample after silence. */
class BeepDetector extends AudioWorkletProcessor {
  #quietSamples = Infinity;

  process([[channel = []]]) {
    channel.forEach((sample, index) => {
      if (Math.abs(sample) < loud) {
        this.#quietSamples += 1;
        return;
      }
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a MessagePort, not a window
      if (this.#quietSamples > silence) this.port.postMessage(currentTime + index / sampleRate);
      this.#quietSamples = 0;
    });
    return true;
  }
}

registerProcessor('beep-detector', BeepDetector);
