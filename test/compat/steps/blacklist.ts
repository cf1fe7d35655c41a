import { setTimeout as sleep } from 'node:timers/promises';
import type { Step } from '../step.ts';

/** An address that may not watch for two seconds. */
export const blacklistSteps: Step[] = [
  {
    name: 'blacklist',
    settings: ['plain'],
    async run(stage) {
      await stage.ffmpeg('rtmp', 'publisher', 'listed');
      const early = await stage.live('FLV viewer from before', '/live/listed.flv');
      await stage.told('on_sub_start', early);
      await stage.heard('on_hls_make_ts', ({ event }) => event === 'close', 8000);
      await stage.hls('list before', '/hls/listed.m3u8');
      await stage.post('add', 'add_ip_blacklist', { ip: '127.0.0.1', duration_sec: 3 });
      await stage.hls('list', '/hls/listed.m3u8');
      await stage.hls('fragment', '/hls/listed-1-1.ts');
      await stage.noteEnd(await stage.live('FLV viewer', '/live/listed.flv'));
      await stage.noteEnd(await stage.rtsp('play', 'RTSP viewer', 'listed'));
      await stage.api('the API', '/api/stat/lal_info');
      await sleep(4000);
      await stage.hls('list when it is over', '/hls/listed.m3u8');
      await stage.post('an address that is none', 'add_ip_blacklist', { ip: 'nobody', duration_sec: 1 });
      await stage.post('no time at all', 'add_ip_blacklist', { ip: '192.0.2.1', duration_sec: 0 });
      await stage.post('less than none', 'add_ip_blacklist', { ip: '192.0.2.1', duration_sec: -1 });
    },
  },
];
