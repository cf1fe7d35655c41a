/** Publishers and viewers with the right secret, a wrong one and none. */
import { createHash } from 'node:crypto';
import { authKey, masterSecret } from '../settings.ts';
import type { Stage } from '../stage.ts';
import type { Step } from '../step.ts';

function secretOf(streamName: string): string {
  return createHash('md5')
    .update(authKey + streamName)
    .digest('hex');
}

const wrong: Record<string, string> = {
  nothing: '',
  'an empty secret': '?lal_secret=',
  'a wrong secret': '?lal_secret=0123456789abcdef0123456789abcdef',
  "another stream's secret": `?lal_secret=${secretOf('other')}`,
  'the secret twice, wrong first': `?lal_secret=x&lal_secret=${secretOf('guarded')}`,
};

/** Attempts by every way, each noted with its answer; the stream need not be there. */
async function attempts(stage: Stage, label: string, streamName: string, query: string): Promise<void> {
  const name = (way: string): string => `${way} with ${label}`;
  await stage.rtmp('play', name('RTMP viewer'), streamName + query);
  await stage.rtsp('play', name('RTSP viewer'), streamName + query);
  await stage.live(name('FLV viewer'), `/live/${streamName}.flv${query}`);
  await stage.live(name('WS-FLV viewer'), `/live/${streamName}.flv${query}`, { upgrade: true });
  await stage.live(name('TS viewer'), `/live/${streamName}.ts${query}`);
  await stage.hls(name('HLS list'), `/hls/${streamName}.m3u8${query}`);
  await stage.hls(name('HLS full list'), `/hls/${streamName}/record.m3u8${query}`);
}

export const authSteps: Step[] = [
  {
    name: 'wrong secrets',
    settings: ['guarded'],
    async run(stage) {
      await stage.ffmpeg('rtmp', 'ffmpeg', `guarded?lal_secret=${secretOf('guarded')}`);
      for (const [label, query] of Object.entries(wrong)) {
        await attempts(stage, label, 'guarded', query);
        await stage.rtmp('publish', `RTMP publisher with ${label}`, `unguarded${query}`);
        await stage.rtsp('publish', `RTSP publisher with ${label}`, `unguarded${query}`);
      }
      await stage.group('unguarded', 'group that nobody may publish');
      await stage.group('guarded', 'group that nobody may watch');
    },
  },
  {
    name: 'right secrets',
    settings: ['guarded'],
    async run(stage) {
      const right = {
        "the stream's secret": `?lal_secret=${secretOf('right')}`,
        'the secret in capitals': `?a=1&lal_secret=${secretOf('right').toUpperCase()}`,
        'the master secret': `?lal_secret=${encodeURIComponent(masterSecret)}`,
      };
      await stage.ffmpeg('rtsp', 'ffmpeg', `right?lal_secret=${secretOf('right')}`);
      await stage.heard('on_hls_make_ts', ({ event }) => event === 'close', 8000);
      for (const [label, query] of Object.entries(right)) {
        await attempts(stage, label, 'right', query);
        // Left alone they would all be given up at once, in any order.
        for (const list of ['HLS list', 'HLS full list']) {
          await stage.kickHlsViewer('right', `${list} with ${label}`);
        }
      }
    },
  },
];
