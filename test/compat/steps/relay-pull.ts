/** Pulls by API: established, stopped, kicked, refused, failing. */
import { createServer } from 'node:net';
import { peerStream } from '../peer.ts';
import type { Stage } from '../stage.ts';
import type { Step } from '../step.ts';

async function established(stage: Stage, streamName: string): Promise<void> {
  await stage.heard(
    'on_relay_pull_start',
    ({ stream_name: name }) => name === streamName || name === peerStream,
  );
  await stage.untilRunning(streamName);
}

function pullAndStop(protocol: 'rtmp' | 'rtsp'): Step {
  return {
    name: `relay pull by ${protocol.toUpperCase()}`,
    settings: ['plain'],
    async run(stage) {
      const url = `${protocol === 'rtmp' ? stage.peer.rtmpUrl : stage.peer.rtspUrl}/${peerStream}?from=peer&a=%20b`;
      await stage.post('start', 'start_relay_pull', { url, stream_name: 'pulled' });
      await established(stage, 'pulled');
      await stage.group('pulled', 'group');
      await stage.post('start again', 'start_relay_pull', { url, stream_name: 'pulled' });
      const viewer = await stage.live('FLV viewer', '/live/pulled.flv');
      await stage.told('on_sub_start', viewer);
      await stage.untilGroup('pulled', 'rates of the pull', ({ pull }) =>
        ['bitrate_kbits', 'read_bitrate_kbits'].every((key) => (pull as Record<string, number>)[key]! > 0),
      );
      for (const second of ['rtmp', 'rtsp'] as const) {
        await stage.noteEnd(await stage[second]('publish', `publisher by ${second}`, 'pulled'));
      }
      await stage.api('stop', '/api/ctrl/stop_relay_pull?stream_name=pulled');
      await stage.heard('on_relay_pull_stop');
      await stage.api('stop again', '/api/ctrl/stop_relay_pull?stream_name=pulled');
      await stage.group('pulled', 'group after the stop');
      await stage.leave(viewer);
      await stage.untilForgotten('pulled');
    },
  };
}

const names: Step = {
  name: 'relay pull: names, kick',
  settings: ['plain'],
  async run(stage) {
    const url = `${stage.peer.rtmpUrl}/${peerStream}`;
    const started = await stage.post('start without a name', 'start_relay_pull', { url, stream_name: '' });
    await established(stage, peerStream);
    const id = (started as { data: { session_id: string } }).data.session_id;
    await stage.post('kick', 'kick_session', { stream_name: peerStream, session_id: id });
    await stage.heard('on_relay_pull_stop');
    await stage.post('kick again', 'kick_session', { stream_name: peerStream, session_id: id });
    await stage.untilForgotten(peerStream);
  },
};

const refusals: Step = {
  name: 'relay pull: refused at once',
  settings: ['plain'],
  async run(stage) {
    const url = `${stage.peer.rtmpUrl}/${peerStream}`;
    await stage.post('nobody watches', 'start_relay_pull', {
      url,
      stream_name: 'unwatched',
      auto_stop_pull_after_no_out_ms: 0,
    });
    await stage.ffmpeg('rtmp', 'publisher', 'published');
    await stage.post('there is a publisher', 'start_relay_pull', { url, stream_name: 'published' });
    await stage.api('stop where there is none', '/api/ctrl/stop_relay_pull?stream_name=published');
    for (const [index, bad] of [
      '',
      'x',
      'rtmp://',
      'rtsp://',
      'rtmp:/x',
      '://a/b',
      'rtmp://[::1/x/y',
    ].entries()) {
      await stage.post(`URL "${bad}"`, 'start_relay_pull', { url: bad, stream_name: `bad${index}` });
    }
    for (const bad of ['', 'x', 'rtmp://127.0.0.1:1', 'rtmp://127.0.0.1:1/']) {
      await stage.post(`URL "${bad}" without a name`, 'start_relay_pull', { url: bad });
    }
  },
};

const failing: Step = {
  name: 'relay pull: nobody there',
  settings: ['plain'],
  async run(stage) {
    const viewer = await stage.live('FLV viewer', '/live/failing.flv');
    await stage.told('on_sub_start', viewer);
    const url = `rtmp://127.0.0.1:${stage.ports.nobody}/live/failing`;
    await stage.post('start', 'start_relay_pull', { url, stream_name: 'failing' });
    await stage.heard('on_relay_pull_stop', () => true, 1500);
    await stage.group('failing', 'group');
    await stage.post('start once more', 'start_relay_pull', {
      url,
      stream_name: 'failing',
      pull_retry_num: 1,
    });
    await stage.heard('on_relay_pull_stop', () => true, 1500);
    await stage.leave(viewer);
    const rtsp = `rtsp://127.0.0.1:${stage.ports.nobody}/live/failing`;
    await stage.post('start by RTSP', 'start_relay_pull', { url: rtsp, stream_name: 'failing-rtsp' });
    await stage.untilForgotten('failing-rtsp');
  },
};

const missing: Step = {
  name: 'relay pull: RTSP of a stream that is not there',
  settings: ['plain'],
  async run(stage) {
    const url = `${stage.peer.rtspUrl}/nothing?wait=0`;
    const parameters = { url, stream_name: 'nothing', pull_timeout_ms: 700 };
    await stage.post('start', 'start_relay_pull', parameters);
    await stage.untilForgotten('nothing');
  },
};

const silent: Step = {
  name: 'relay pull: a server that never answers',
  settings: ['plain'],
  async run(stage) {
    const server = createServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((resolve) => server.listen(stage.ports.nobody, '127.0.0.1', resolve));
    stage.scope.defer(() => void server.close());
    const url = `rtmp://127.0.0.1:${stage.ports.nobody}/live/silent`;
    const parameters = { url, stream_name: 'silent', pull_timeout_ms: 1500 };
    await stage.post('start', 'start_relay_pull', parameters);
    await stage.group('silent', 'group while it connects');
    await stage.post('start while it connects', 'start_relay_pull', parameters);
    await stage.api('stop while it connects', '/api/ctrl/stop_relay_pull?stream_name=silent');
    await stage.untilForgotten('silent');
  },
};

const autoStop: Step = {
  name: 'relay pull: ends when nobody watches',
  settings: ['plain'],
  async run(stage) {
    const viewer = await stage.live('FLV viewer', '/live/watched.flv');
    await stage.told('on_sub_start', viewer);
    await stage.post('start', 'start_relay_pull', {
      url: `${stage.peer.rtmpUrl}/${peerStream}`,
      stream_name: 'watched',
      auto_stop_pull_after_no_out_ms: 1000,
    });
    await established(stage, 'watched');
    await stage.leave(viewer);
    await stage.heard('on_relay_pull_stop');
    await stage.untilForgotten('watched');
  },
};

export const relayPullSteps: Step[] = [
  pullAndStop('rtmp'),
  pullAndStop('rtsp'),
  names,
  refusals,
  failing,
  missing,
  silent,
  autoStop,
];
