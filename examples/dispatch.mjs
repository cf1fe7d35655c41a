/**
 * A controller of equal servers: publish to any of them, play from any of them. Callbacks tell it who publishes where and
 * who watches where, and it has streams pulled from one server to another. It controls lal's servers the same way.
 *
 *   node examples/dispatch.mjs PORT SERVER-ID=RTMP-ADDRESS,API-ADDRESS...
 *
 * Try it: node examples/dispatch.mjs 10101 1=127.0.0.1:1935,127.0.0.1:8083 2=127.0.0.1:2935,127.0.0.1:9083
 * Each server's config has its `server_id`, `http_api`, and in `http_notify` the URLs of on_pub_start, on_pub_stop,
 * on_sub_start, on_sub_stop and on_update: http://127.0.0.1:10101/on_pub_start and so on.
 */
import { createServer } from 'node:http';

/** Tells pulls between servers from viewers. */
const innerPull = 'lal_cluster_inner_pull=1';
/** Who has said nothing for so long is taken to be gone; `update_interval_sec` is to be less. */
const forgetAfterMs = 30_000;
const maxBodyBytes = 16 * 1024 * 1024;

const [port = '10101', ...servers] = process.argv.slice(2);
const nodes = new Map();
for (const server of servers) {
  const [, id, rtmp, api] = /^([^=]+)=([^,]+),(.+)$/.exec(server);
  // What is published there, with its app, and what is watched.
  nodes.set(id, { id, rtmp, api, heardMs: 0, published: new Map(), watched: new Set() });
}

const callbacks = {
  on_pub_start(node, { stream_name: stream, app_name: app }) {
    node.published.set(stream, app);
    for (const other of nodes.values()) if (other.watched.has(stream)) void pull(other, stream);
  },
  on_pub_stop(node, { stream_name: stream }) {
    node.published.delete(stream);
    // Pulls wait for the next publisher as viewers do; those of lal keep out one who comes back at their server.
    for (const other of nodes.values()) {
      const isPulled = other !== node && other.watched.has(stream);
      if (isPulled) void call(other, `stop_relay_pull?stream_name=${encodeURIComponent(stream)}`);
    }
  },
  on_sub_start(node, { stream_name: stream, has_in_session: hasInput, url_param: query }) {
    if (query.includes(innerPull)) return;
    node.watched.add(stream);
    if (!hasInput) void pull(node, stream);
  },
  on_sub_stop(node, { stream_name: stream, has_out_session: isWatched }) {
    if (!isWatched) node.watched.delete(stream);
  },
  /** All of it, however little came before: after a restart of the controller, or of a server. */
  on_update(node, { groups }) {
    const streams = groups ?? [];
    const published = streams.filter(({ pub }) => pub.session_id !== '');
    const watched = streams.filter(({ subs }) => subs?.length > 0);
    node.published = new Map(published.map(({ stream_name: stream, app_name: app }) => [stream, app]));
    node.watched = new Set(watched.map(({ stream_name: stream }) => stream));
    for (const { stream_name: stream, pub, pull: pulled } of watched) {
      if (pub.session_id === '' && pulled.session_id === '') void pull(node, stream);
    }
  },
};

/** Brings a stream to a server, if another one has it. It goes by itself when nobody watches it there any more. */
async function pull(node, stream) {
  const hasIt = ({ published, heardMs }) =>
    published.has(stream) && performance.now() - heardMs < forgetAfterMs;
  const origin = [...nodes.values()].find(hasIt);
  if (origin === undefined || origin === node) return;
  const url = `rtmp://${origin.rtmp}/${origin.published.get(stream)}/${stream}?${innerPull}`;
  await call(node, 'start_relay_pull', { url, stream_name: stream, auto_stop_pull_after_no_out_ms: 0 });
}

async function call(node, path, body) {
  const request = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  try {
    const response = await fetch(`http://${node.api}/api/ctrl/${path}`, request);
    const { error_code: code, desp } = await response.json();
    console.log(`${node.id}: ${path}: ${code} ${desp}`);
  } catch (error) {
    console.log(`${node.id}: ${path}: ${error.cause ?? error}`);
  }
}

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > maxBodyBytes) throw new Error('too large');
  }
  return JSON.parse(text);
}

async function receive(request, response) {
  const name = request.url.slice(1);
  const body = await bodyOf(request);
  response.end();
  const node = nodes.get(body.server_id);
  if (node === undefined || !Object.hasOwn(callbacks, name)) return;
  node.heardMs = performance.now();
  if (name !== 'on_update') console.log(`${node.id}: ${name} ${body.session_id} ${body.stream_name}`);
  callbacks[name](node, body);
}

const server = createServer((request, response) => {
  receive(request, response).catch((error) => {
    console.log(`${request.url}: ${error}`);
    request.destroy();
  });
});
server.listen(Number(port), '127.0.0.1', () =>
  console.log(`listens at http://127.0.0.1:${server.address().port}`),
);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close().closeAllConnections());
