/** Publishers and viewers by every protocol: told of, listed, kicked, left alone. */
import { normalisedPlaylist } from '../normalise.ts';
import type { Client, Stage } from '../stage.ts';
import type { Step } from '../step.ts';

/** A viewer of each kind. */
async function viewers(stage: Stage, streamName: string, query = ''): Promise<Client[]> {
  return [
    await stage.rtmp('play', 'RTMP viewer', streamName + query),
    await stage.live('FLV viewer', `/live/${streamName}.flv${query}`),
    await stage.live('WS-FLV viewer', `/live/${streamName}.flv${query}`, { upgrade: true }),
    await stage.live('TS viewer', `/live/${streamName}.ts${query}`),
    await stage.live('WS-TS viewer', `/live/${streamName}.ts${query}`, { upgrade: true }),
    await stage.rtsp('play', 'RTSP viewer', streamName + query),
  ];
}

/** Whether rates have been measured: those of publishers in, of viewers out. */
async function noteRates(stage: Stage, streamName: string): Promise<void> {
  const isMeasured = (session: unknown, key: string): boolean =>
    (session as Record<string, number>)[key]! > 0 &&
    (session as Record<string, number>)['bitrate_kbits']! > 0;
  await stage.untilGroup(
    streamName,
    'rates of the publisher and of all viewers',
    ({ pub, subs }) =>
      isMeasured(pub, 'read_bitrate_kbits') &&
      (subs as unknown[]).every((sub) => isMeasured(sub, 'write_bitrate_kbits')),
  );
}

async function kick(stage: Stage, client: Client, streamName: string, callback: string): Promise<void> {
  const parameters = { stream_name: streamName, session_id: stage.idOf(client) ?? 'unheard of' };
  await stage.post(`kick ${client.name}`, 'kick_session', parameters);
  await stage.noteEnd(client);
  await stage.told(callback, client);
}

function publishAndPlay(protocol: 'rtmp' | 'rtsp'): Step {
  return {
    name: `publish by ${protocol.toUpperCase()}, play by everything, kick`,
    settings: ['plain'],
    async run(stage) {
      const name = `by-${protocol}`;
      const publisher = await stage.ffmpeg(protocol, 'publisher', `${name}?who=me&x=1`);
      await stage.group(name, 'group without viewers');
      const clients = await viewers(stage, name, '?v=1');
      for (const client of clients) await stage.told('on_sub_start', client);
      await noteRates(stage, name);
      await stage.group(name, 'group with viewers');
      await stage.api('all_group with viewers', '/api/stat/all_group');
      await stage.update('on_update with viewers');
      await stage.post('kick somebody who is not there', 'kick_session', {
        stream_name: name,
        session_id: 'FLVSUB4000',
      });
      await stage.post('kick nothing', 'kick_session', { stream_name: name, session_id: '' });
      const id = stage.idOf(clients[0]!) ?? '';
      await stage.post('kick in another stream', 'kick_session', { stream_name: 'b', session_id: id });
      for (const client of clients) await kick(stage, client, name, 'on_sub_stop');
      await stage.post('kick once more', 'kick_session', { stream_name: name, session_id: id });
      await stage.group(name, 'group after the kicks');
      stage.noteFragments(name);
      const begun = await stage.heard('on_pub_start');
      const parameters = { stream_name: name, session_id: begun?.['session_id'] as string };
      await stage.post('kick the publisher', 'kick_session', parameters);
      await stage.heard('on_pub_stop');
      await publisher.ended(8000).catch(() => stage.note('never: ffmpeg ends', true));
      await stage.untilForgotten(name);
      await stage.group(name, 'group after the end');
    },
  };
}

const comingAndGoing: Step = {
  name: 'viewers before, between and after publishers',
  settings: ['plain'],
  async run(stage) {
    const early = await stage.live('early FLV viewer', '/other/path/b.flv');
    await stage.told('on_sub_start', early);
    await stage.group('b', 'group without a publisher');
    const publisher = await stage.ffmpeg('rtmp', 'publisher', 'b');
    const rtmp = await stage.rtmp('play', 'RTMP viewer', 'b');
    await stage.told('on_sub_start', rtmp);
    publisher.signal('SIGTERM');
    await stage.heard('on_pub_stop');
    await stage.group('b', 'group when the publisher has left');
    await stage.ffmpeg('rtsp', 'second publisher', 'b');
    await stage.group('b', 'group with the second publisher');
    await stage.leave(early);
    await stage.leave(rtmp);
  },
};

const duplicates: Step = {
  name: 'a second publisher of a name',
  settings: ['plain'],
  async run(stage) {
    await stage.ffmpeg('rtmp', 'publisher', 'c');
    for (const protocol of ['rtmp', 'rtsp'] as const) {
      const second = await stage[protocol]('publish', `second publisher by ${protocol}`, 'c');
      await stage.noteEnd(second);
    }
    await stage.group('c', 'group');
  },
};

const waitingInRtsp: Step = {
  name: 'an RTSP player before its stream',
  settings: ['plain'],
  async run(stage) {
    const opening = stage.rtsp('play', 'RTSP viewer', 'd');
    await stage.heard('on_sub_start', ({ stream_name: name }) => name === 'd');
    await stage.group('d', 'group while the player waits');
    await stage.ffmpeg('rtmp', 'publisher', 'd');
    const client = await opening;
    await stage.leave(client);
  },
};

const hlsFiles: Step = {
  name: 'HLS, viewers not tracked',
  settings: ['plain'],
  async run(stage) {
    await stage.hls('list before the stream', '/hls/e.m3u8');
    await stage.ffmpeg('rtmp', 'publisher', 'e');
    await stage.heard('on_hls_make_ts', ({ event, id }) => event === 'close' && id === 1, 8000);
    const list = await stage.hls('list', '/hls/e.m3u8');
    stage.note('text of the list', normalisedPlaylist(list.body.toString()));
    const record = await stage.hls('full list', '/hls/e/record.m3u8');
    stage.note('text of the full list', normalisedPlaylist(record.body.toString()));
    await stage.hls('list by its long name', '/hls/live/e/playlist.m3u8?a=1');
    const [fragment] = /^\S+\.ts$/m.exec(list.body.toString()) ?? [''];
    await stage.hls('fragment', `/hls/${fragment}`);
    await stage.hls('fragment by its long name', `/hls/e/${fragment}`);
    await stage.hls('list by POST', '/hls/e.m3u8', { method: 'POST' });
    await stage.hls('list by HEAD', '/hls/e.m3u8', { method: 'HEAD' });
    await stage.hls('preflight', '/hls/e.m3u8', { method: 'OPTIONS' });
    await stage.hls('list of nobody', '/hls/nobody.m3u8');
    await stage.hls('fragment of nobody', '/hls/nobody-1-1.ts');
    await stage.hls('something else', '/hls/e.mp4');
    await stage.hls('the folder', '/hls/');
    await stage.hls('the folder without a slash', '/hls');
    await stage.group('e', 'group');
  },
};

const httpPaths: Step = {
  name: 'paths and methods of the HTTP port',
  settings: ['plain'],
  async run(stage) {
    for (const path of [
      '/',
      '/live',
      '/live/a',
      '/live/a.mp4',
      '/live/a.flv/',
      '/.flv',
      '/live/%2e%2e.flv',
    ]) {
      await stage.live(`GET ${path}`, path);
    }
    await stage.live('FLV without an app', '/f.flv');
    await stage.live('FLV, escaped', '/live/f%20f.flv');
    await stage.live('FLV, deep', '/x/y/z/f.flv?a=1&b=2');
    await stage.live('FLV, two slashes', '//live//f.flv?a=1');
    await stage.live('FLV, dots in the path', '/live/x/../f.flv');
  },
};

export const sessionSteps: Step[] = [
  publishAndPlay('rtmp'),
  publishAndPlay('rtsp'),
  comingAndGoing,
  duplicates,
  waitingInRtsp,
  hlsFiles,
  httpPaths,
];
