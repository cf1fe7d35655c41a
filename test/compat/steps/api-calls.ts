/** Every call of lal's API with everything that can be wrong, while there is no stream. */
import type { HttpCall } from '../clients.ts';
import type { Step } from '../step.ts';

const posts: Record<string, Record<string, unknown>> = {
  start_relay_pull: { url: 'rtmp://127.0.0.1:1/live/x' },
  kick_session: { stream_name: 'none', session_id: 'RTMPPUBSUB1' },
  start_rtp_pub: { stream_name: 'none' },
  add_ip_blacklist: { ip: '192.0.2.1', duration_sec: 1 },
};

/** Parameters of a type that they do not have. */
const wrongTypes: Record<string, Record<string, unknown>> = {
  start_relay_pull: {
    url: 1,
    stream_name: 1,
    pull_timeout_ms: '1',
    pull_retry_num: 1.5,
    auto_stop_pull_after_no_out_ms: true,
    rtsp_mode: [],
    debug_dump_packet: {},
  },
  kick_session: { stream_name: 1, session_id: 2 },
  start_rtp_pub: { stream_name: [], port: '1', timeout_ms: 1.5, is_tcp_flag: true, debug_dump_packet: 1 },
  add_ip_blacklist: { ip: 1, duration_sec: '1' },
};

const bodies: Record<string, string | undefined> = {
  'no body': undefined,
  'no JSON': 'stream_name=none&session_id=x',
  'half a JSON': '{"stream_name": "none"',
  'more than a JSON': '{} {}',
  'an array': '[]',
  'a string': '"x"',
  null: 'null',
  'no parameter': '{}',
};

/** `pull_timeout_ms` and the like have to be there as they should, so that one parameter is wrong at a time. */
function postCalls(): [string, string, HttpCall][] {
  return Object.entries(posts).flatMap(([name, right]) => {
    const path = `/api/ctrl/${name}`;
    const call = (body: string | undefined): HttpCall => ({
      method: 'POST',
      ...(body === undefined ? {} : { body }),
    });
    const given = Object.entries(bodies).map(([what, body]): [string, string, HttpCall] => [
      `${name}: ${what}`,
      path,
      call(body),
    ]);
    const missing = Object.keys(right).map((key): [string, string, HttpCall] => {
      const { [key]: _, ...rest } = right;
      return [`${name} without ${key}`, path, call(JSON.stringify(rest))];
    });
    const wrong = Object.entries(wrongTypes[name]!).map(([key, value]): [string, string, HttpCall] => [
      `${name}: ${key} is ${JSON.stringify(value)}`,
      path,
      call(JSON.stringify({ ...right, [key]: value })),
    ]);
    const query = new URLSearchParams(right as Record<string, string>).toString();
    return [...given, ...missing, ...wrong, [`${name} with a query`, `${path}?${query}`, {}]];
  });
}

const gets: Record<string, string> = {
  'group without a name': '/api/stat/group',
  'group with an empty name': '/api/stat/group?stream_name=',
  'group of nobody': '/api/stat/group?stream_name=none',
  'group by POST': '/api/stat/group',
  'group, named twice': '/api/stat/group?stream_name=&stream_name=none',
  'group, badly escaped': '/api/stat/group?stream_name=%zz',
  'group, half a query': '/api/stat/group?a=1;stream_name=none',
  'stop_relay_pull without a name': '/api/ctrl/stop_relay_pull',
  'stop_relay_pull of nobody': '/api/ctrl/stop_relay_pull?stream_name=none',
};

const known = [
  '/api/stat/group?stream_name=none',
  '/api/stat/all_group',
  '/api/stat/lal_info',
  '/api/ctrl/stop_relay_pull?stream_name=none',
  ...Object.keys(posts).map((name) => `/api/ctrl/${name}`),
];

const unknown = [
  '/',
  '/api',
  '/api/',
  '/api/stat',
  '/api/stat/',
  '/api/stat/group/',
  '/api/stat/Group',
  '/api/ctrl/stop_rtp_pub',
  '/index.html',
  '/favicon.ico',
  '/api//stat/all_group',
];

export const apiCallSteps: Step[] = [
  {
    name: 'calls with wrong parameters',
    settings: ['plain'],
    async run(stage) {
      for (const [label, path, call] of postCalls()) await stage.api(label, path, call);
      for (const [label, path] of Object.entries(gets)) {
        await stage.api(label, path, { method: label.includes('POST') ? 'POST' : 'GET' });
      }
      await stage.post(
        'kick_session of nobody',
        'kick_session',
        posts['kick_session']! as Record<string, string>,
      );
      await stage.api('add_ip_blacklist with keys that nobody knows', '/api/ctrl/add_ip_blacklist', {
        method: 'POST',
        body: JSON.stringify({ ip: '192.0.2.1', duration_sec: 1, other: [1, { deep: true }] }),
      });
      await stage.untilForgotten('none');
      await stage.untilForgotten('x');
    },
  },
  {
    name: 'methods, preflights and unknown paths',
    settings: ['plain'],
    async run(stage) {
      for (const path of unknown) await stage.api(`GET ${path}`, path);
      await stage.api('POST /api/unknown', '/api/unknown', { method: 'POST', body: '{}' });
      await stage.api('GET /lal.html', '/lal.html');
      await stage.api('GET /api/list', '/api/list');
      for (const method of ['POST', 'PUT', 'DELETE', 'HEAD']) {
        await stage.api(`${method} lal_info`, '/api/stat/lal_info', { method });
      }
      const headers = { Origin: 'http://page.example', 'Access-Control-Request-Method': 'POST' };
      for (const path of known) await stage.api(`OPTIONS ${path}`, path, { method: 'OPTIONS', headers });
      for (const path of known.slice(0, 3)) await stage.api(`GET ${path} for a page`, path, { headers });
      const body = JSON.stringify(posts['add_ip_blacklist']);
      await stage.api('add_ip_blacklist for a page', '/api/ctrl/add_ip_blacklist', {
        method: 'POST',
        headers,
        body,
      });
      await stage.api('add_ip_blacklist as text', '/api/ctrl/add_ip_blacklist', {
        method: 'POST',
        headers: { 'Content-Type': 'text/plain' },
        body,
      });
    },
  },
];
