/** HLS viewers that are sessions. */
import { authKey, masterSecret } from '../settings.ts';
import { createHash } from 'node:crypto';
import { normalisedPlaylist } from '../normalise.ts';
import type { HttpAnswer } from '../clients.ts';
import type { Step } from '../step.ts';

function locationOf({ headers }: HttpAnswer): string {
  const { Location: location } = headers;
  return typeof location === 'string' ? location : '/';
}

export const trackedHlsSteps: Step[] = [
  {
    name: 'HLS, viewers tracked',
    settings: ['guarded'],
    async run(stage) {
      const secret = createHash('md5').update(`${authKey}tracked`).digest('hex');
      const query = `?z=2&lal_secret=${secret}&a=1%20b`;
      const early = await stage.hls('list before the stream', `/hls/tracked.m3u8${query}`);
      await stage.heard('on_sub_start');
      await stage.group('tracked', 'group before the stream');
      await stage.hls('list that is not there', locationOf(early));
      await stage.ffmpeg('rtmp', 'ffmpeg', `tracked?lal_secret=${secret}`);
      await stage.heard('on_hls_make_ts', ({ event, id }) => event === 'close' && id === 1, 8000);
      await stage.told('on_sub_stop', { name: 'list before the stream' });
      const first = await stage.hls('first request', `/hls/live/tracked/playlist.m3u8${query}`);
      const place = locationOf(first);
      stage.note('where to', place.replace(/session_id=[0-9a-f]{32}/, 'session_id=<id>'));
      const list = await stage.hls('list', place);
      stage.note('text of the list', normalisedPlaylist(list.body.toString()));
      const [fragment = ''] = /^\S+\.ts\S*$/m.exec(list.body.toString()) ?? [];
      await stage.hls('fragment', `/hls/tracked/${fragment}`);
      await stage.hls('fragment without an id', `/hls/tracked/${fragment.split('?')[0]}`);
      await stage.hls('fragment with an unknown id', `/hls/tracked/${fragment.replace(/=.*/, '=0')}`);
      await stage.hls('list with an unknown id', place.replace(/session_id=\w+/, 'session_id=0'));
      await stage.hls('list with an empty id', place.replace(/session_id=\w+/, 'session_id='));
      await stage.group('tracked', 'group');
      // Left alone it would be given up together with the first, in any order.
      await stage.kickHlsViewer('tracked', 'list with an empty id');
      const id = /session_id=\w+/.exec(place)![0];
      await stage.hls(
        'full list',
        `/hls/tracked/record.m3u8?lal_secret=${encodeURIComponent(masterSecret)}&${id}`,
      );
      const kicked = await stage.hls('viewer to be kicked', `/hls/tracked.m3u8${query}`);
      await stage.kickHlsViewer('tracked', 'viewer to be kicked');
      await stage.hls('list after the kick', locationOf(kicked));
      await stage.told('on_sub_stop', { name: 'first request' });
      await stage.group('tracked', 'group when the viewers have left');
      await stage.hls('list of one who left', place);
    },
  },
];
