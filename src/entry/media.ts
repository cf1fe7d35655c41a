/** The neutral model: frames, tracks, times, and why things end. */
export * from '../bytes/protocol-error.ts';
export * from '../codec/codec-config.ts';
export * from '../media/clock.ts';
export * from '../media/end-reason.ts';
export * from '../media/media-frame.ts';
export * from '../media/timeline.ts';
export * from '../media/track.ts';
