import type { PublicationInput } from '../../hub/publication.ts';
import type { SourceFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import { HeldMedia } from './held-media.ts';
import { BACKWARD_LEAP_US, Silence, silentTrack } from './silence.ts';

/** How far the video goes on without audio that there has been, before silence takes its place. */
const RESUME_AFTER_US = 3_000_000;
/** No more of the time between two pictures counts: what is longer says nothing about the audio. */
const MAX_STEP_US = 1_000_000;
/** Audio that lies further behind the end of the silence does not lag, but has a clock of its own: for the Timeline it leaps. */
const MAX_OVERLAP_US = 10_000_000;
/** Inputs count their tracks from 0 on. */
const SILENT_TRACK_ID = -1;

/** Nobody knows whether there will be audio, and there is video: from its first frame, of `startUs`, on everything is held back. */
type Holding = { readonly name: 'holding'; readonly held: HeldMedia; readonly startUs: number };

type State =
  /** Nobody knows whether there will be audio. */
  | { readonly name: 'waiting' }
  | Holding
  | { readonly name: 'silent'; readonly silence: Silence }
  /** Audio of the input has come, and takes over where the silence ended. */
  | { readonly name: 'handover'; readonly silence: Silence }
  | { readonly name: 'real' }
  /** The input has audio that no codec module knows: only some outputs can carry it, but it is no lack of audio. */
  | { readonly name: 'off' };

/**
 * Stands in front of a publication and gives it silent AAC while its video has no audio: up to the decoding time of each
 * picture. At the start everything waits until there is an audio track, or until the video has gone on for the time to
 * wait; then the tracks are complete from the beginning, and nobody behind it has to wait for them again.
 * Real audio takes the place of silence under the same track id, and silence that of real audio that stops.
 */
export class DummyAudio implements PublicationInput {
  readonly #publication: PublicationInput;
  readonly #waitUs: number;
  #state: State = { name: 'waiting' };
  /** The video that silence keeps to: the first one. */
  #videoId: number | undefined;
  #videoUs: number | undefined;
  /** How far the video has gone since it began, or since the last real audio. */
  #withoutAudioUs = 0;
  /** The audio track as the input has it, and as it is published. */
  #real: { readonly source: Track; readonly published: Track } | undefined;
  /** The id of all audio that is published. */
  #audioId: number | undefined;

  /** @param waitMs media time */
  constructor(publication: PublicationInput, waitMs: number) {
    this.#publication = publication;
    this.#waitUs = waitMs * 1000;
  }

  get counters(): PublicationInput['counters'] {
    return this.#publication.counters;
  }

  get frames(): PublicationInput['frames'] {
    return this.#publication.frames;
  }

  /** Where video comes, audio will, too. */
  announce({ audio, video }: { readonly audio: boolean; readonly video: boolean }): void {
    this.#publication.announce({ audio: audio || video, video });
  }

  setTrack(track: Track): void {
    const { config } = track;
    if (config.kind === 'audio' && (this.#real === undefined || this.#real.source.id === track.id)) {
      this.#setRealTrack(track);
      return;
    }
    if (config.kind === 'opaque' && config.media === 'audio') this.#stopWaiting({ name: 'off' });
    if (this.#state.name === 'holding') this.#hold(this.#state, (held) => held.addTrack(track));
    else this.#publication.setTrack(track);
  }

  write(source: SourceFrame): void {
    if (source.track === this.#real?.source) this.#writeReal(source, this.#real.published);
    else if (this.#isLeadingVideo(source)) this.#writeVideo(source);
    else if (this.#state.name === 'holding') this.#hold(this.#state, (held) => held.addFrame(source));
    else this.#publication.write(source);
  }

  end(): void {
    this.#stopWaiting({ name: 'off' });
    this.#publication.end();
  }

  #isLeadingVideo({ track }: SourceFrame): boolean {
    if (track.kind === 'video') this.#videoId ??= track.id;
    return track.id === this.#videoId;
  }

  #writeVideo(source: SourceFrame): void {
    const { dtsUs } = source;
    const stepUs = dtsUs - (this.#videoUs ?? dtsUs);
    this.#videoUs = dtsUs;
    this.#withoutAudioUs += Math.min(Math.max(stepUs, 0), MAX_STEP_US);
    // What the audio has to catch up with is a time of the old clock.
    if (this.#state.name === 'handover' && stepUs < -BACKWARD_LEAP_US) this.#takeOver(this.#real!.published);
    if (this.#state.name === 'waiting') {
      this.#state = { name: 'holding', held: new HeldMedia(), startUs: dtsUs };
    }
    switch (this.#state.name) {
      case 'holding':
        this.#hold(this.#state, (held) => held.addFrame(source));
        break;
      case 'silent':
        this.#writeBeside(this.#state.silence, source);
        break;
      case 'off':
        this.#publication.write(source);
        break;
      default:
        if (this.#withoutAudioUs < Math.max(this.#waitUs, RESUME_AFTER_US)) this.#publication.write(source);
        else this.#writeBeside(this.#beginSilence(dtsUs), source);
    }
  }

  /** No longer than it is worth waiting, or than there is room. */
  #hold({ held, startUs }: Holding, add: (held: HeldMedia) => void): void {
    add(held);
    if (this.#withoutAudioUs < this.#waitUs && !held.isFull) return;
    const silence = this.#beginSilence(startUs);
    held.releaseTo({
      setTrack: (track) => this.#publication.setTrack(track),
      write: (source) => {
        if (this.#isLeadingVideo(source)) this.#writeBeside(silence, source);
        else this.#publication.write(source);
      },
    });
  }

  /** @param videoUs time of the picture that comes next */
  #beginSilence(videoUs: number): Silence {
    this.#audioId ??= SILENT_TRACK_ID;
    const silence = new Silence(silentTrack(this.#audioId), videoUs);
    this.#state = { name: 'silent', silence };
    this.#publication.setTrack(silence.track);
    return silence;
  }

  #writeBeside(silence: Silence, source: SourceFrame): void {
    for (const frame of silence.before(source.dtsUs)) this.#publication.write(frame);
    this.#publication.write(source);
  }

  #setRealTrack(source: Track): void {
    this.#audioId ??= source.id;
    this.#real = { source, published: { ...source, id: this.#audioId } };
    // While there is silence, the track changes with the first frame that can take over.
    if (this.#state.name === 'silent' || this.#state.name === 'handover') return;
    this.#publication.setTrack(this.#real.published);
    this.#stopWaiting({ name: 'real' });
  }

  #writeReal(source: SourceFrame, track: Track): void {
    this.#withoutAudioUs = 0;
    if (this.#state.name === 'silent') this.#state = { name: 'handover', silence: this.#state.silence };
    if (this.#state.name === 'handover') {
      const { silence } = this.#state;
      const overlapUs = silence.endUs - source.dtsUs;
      if (overlapUs > 0 && overlapUs <= MAX_OVERLAP_US) return;
      for (const frame of silence.upTo(source.dtsUs)) this.#publication.write(frame);
      this.#takeOver(track);
    }
    this.#publication.write({ ...source, track });
  }

  #takeOver(track: Track): void {
    this.#publication.setTrack(track);
    this.#state = { name: 'real' };
  }

  /** What was held goes on as it is. */
  #stopWaiting(next: State): void {
    const former = this.#state;
    if (former.name !== 'waiting' && former.name !== 'holding') return;
    this.#state = next;
    if (former.name === 'holding') former.held.releaseTo(this.#publication);
  }
}
