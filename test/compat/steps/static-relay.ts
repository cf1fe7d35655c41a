/** What the config says about relays: pull what viewers ask for, push what is published. */
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../clients.ts';
import { peerStream } from '../peer.ts';
import type { Client, Stage } from '../stage.ts';
import type { Step } from '../step.ts';

const viewers: Record<string, (stage: Stage) => Promise<Client>> = {
  RTMP: (stage) => stage.rtmp('play', 'viewer', peerStream),
  'HTTP-FLV': (stage) => stage.live('viewer', `/live/${peerStream}.flv?a=1`),
  'HTTP-TS': (stage) => stage.live('viewer', `/live/${peerStream}.ts`),
  RTSP: (stage) => stage.rtsp('play', 'viewer', peerStream),
};

function pullFor(kind: string, open: (stage: Stage) => Promise<Client>): Step {
  return {
    name: `static pull for ${kind}`,
    settings: ['relaying'],
    async run(stage) {
      const viewer = await open(stage);
      await stage.heard('on_relay_pull_start');
      await stage.untilRunning(peerStream);
      await stage.group(peerStream, 'group');
      await stage.leave(viewer);
      await stage.heard('on_relay_pull_stop');
      await stage.untilForgotten(peerStream);
    },
  };
}

const pullForHls: Step = {
  name: 'static pull for HLS',
  settings: ['relaying'],
  async run(stage) {
    await stage.hls('viewer', `/hls/live/${peerStream}.m3u8`);
    await stage.heard('on_relay_pull_start');
    await stage.heard('on_sub_stop');
    await stage.heard('on_relay_pull_stop');
    await stage.untilForgotten(peerStream);
  },
};

const control: Step = {
  name: 'static pull: stopped, kicked',
  settings: ['relaying'],
  async run(stage) {
    const viewer = await stage.live('viewer', `/live/${peerStream}.flv`);
    await stage.heard('on_relay_pull_start');
    await stage.untilRunning(peerStream);
    await stage.api('stop', `/api/ctrl/stop_relay_pull?stream_name=${peerStream}`);
    await stage.heard('on_relay_pull_stop');
    await sleep(1500);
    await stage.untilRunning(peerStream);
    await stage.group(peerStream, 'group after the stop');
    await stage.leave(viewer);
    await stage.untilForgotten(peerStream);
  },
};

const push: Step = {
  name: 'push of what is published',
  settings: ['relaying'],
  async run(stage) {
    await stage.ffmpeg('rtmp', 'publisher', 'pushed?key=1');
    const there = await eventually(async () => stage.peer.has('pushed') || undefined, 5000);
    stage.note('the target has it', there === true);
    await stage.untilGroup('pushed', 'the push', () => true);
    await stage.group('pushed', 'group');
    const viewer = await stage.live('viewer', '/live/pushed.flv');
    await stage.told('on_sub_start', viewer);
    await stage.leave(viewer);
  },
};

export const staticRelaySteps: Step[] = [
  ...Object.entries(viewers).map(([kind, open]) => pullFor(kind, open)),
  pullForHls,
  control,
  push,
];
