import { beforeEach, expect, test } from 'vitest';
import { audioTrack, frameOf, scriptTrack, videoTrack } from '../testing/hub-kit.ts';
import { Publication, type PublicationTarget } from './publication.ts';

let calls: string[];
let publication: Publication;

beforeEach(() => {
  calls = [];
  const target: PublicationTarget = {
    publicationFrame: (_publication, { track }) => calls.push(`frame ${track.id}`),
    publicationTrack: (_publication, track) => calls.push(`track ${track.id}`),
    publicationAnnounced: ({ announced }) => calls.push(`announced ${JSON.stringify(announced)}`),
    publicationEnded: ({ isEnded }) => calls.push(`ended ${isEnded}`),
  };
  publication = new Publication(target);
});

test('hands on what it is told, in order, and counts frames by kind', () => {
  publication.announce({ audio: true, video: true });
  publication.setTrack(videoTrack());
  publication.write(frameOf(videoTrack(), 0));
  publication.write(frameOf(audioTrack(), 0));
  publication.write(frameOf(audioTrack(), 20));
  publication.write(frameOf(scriptTrack(), 20));
  expect(calls).toEqual([
    'announced {"audio":true,"video":true}',
    'track 1',
    'frame 1',
    'frame 2',
    'frame 2',
    'frame 3',
  ]);
  expect(publication.frames).toEqual({ video: 1, audio: 2, data: 1, opaque: 0 });
});

test('ends once, and is deaf afterwards', () => {
  publication.end();
  publication.end();
  publication.announce({ audio: true, video: true });
  publication.setTrack(videoTrack());
  publication.write(frameOf(videoTrack(), 0));
  expect(calls).toEqual(['ended true']);
  expect(publication.frames.video).toBe(0);
  expect(publication.announced).toBeUndefined();
});
