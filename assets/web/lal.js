/** The page of the server's streams. Parameters of its URL: `sort=start`, `desc=1`, `interval=SECONDS`, `auto=1`. */
import { call, element, onToken } from './call.js';

const byId = (id) => document.getElementById(id);

/** Heading and content of the columns; numbers stand on the right. */
const GROUP_COLUMNS = [
  ['app', ({ app_name }) => app_name],
  ['stream', ({ stream_name }) => stream_name],
  ['video codec', ({ video_codec }) => video_codec],
  ['width', ({ video_width }) => video_width],
  ['height', ({ video_height }) => video_height],
  ['audio codec', ({ audio_codec }) => audio_codec],
  ['pub session', ({ pub }) => pub.session_id],
  ['pub remote addr', ({ pub }) => pub.remote_addr],
  ['pub start time', ({ pub }) => pub.start_time],
  ['read bytes', ({ pub }) => pub.read_bytes_sum],
  ['read kbit/s', ({ pub }) => pub.read_bitrate_kbits],
  ['wrote bytes', ({ pub }) => pub.wrote_bytes_sum],
  ['write kbit/s', ({ pub }) => pub.write_bitrate_kbits],
  ['subs', ({ subs }) => (subs ?? []).length],
];

const SESSION_COLUMNS = [
  ['session', ({ session_id }) => session_id],
  ['protocol', ({ protocol }) => protocol],
  ['type', ({ base_type }) => base_type],
  ['remote addr', ({ remote_addr }) => remote_addr],
  ['start time', ({ start_time }) => start_time],
  ['read bytes', ({ read_bytes_sum }) => read_bytes_sum],
  ['read kbit/s', ({ read_bitrate_kbits }) => read_bitrate_kbits],
  ['wrote bytes', ({ wrote_bytes_sum }) => wrote_bytes_sum],
  ['write kbit/s', ({ write_bitrate_kbits }) => write_bitrate_kbits],
];

const BIN_INFO_NAMES = {
  GitTag: 'Git Tag',
  GitCommitLog: 'Git Commit Log',
  GitStatus: 'Git Status',
  BuildTime: 'Build Time',
  GoVersion: 'Go Version',
  runtime: 'Runtime',
};

/** The group that is looked at; none in the view of all groups. */
let chosen;

function cell(value, name = 'td') {
  return element(name, String(value ?? ''), typeof value === 'number' ? 'number' : '');
}

function rowOf(values, name = 'td') {
  const row = document.createElement('tr');
  row.append(...values.map((value) => cell(value, name)));
  return row;
}

/** @param columns pairs of heading and content */
function fillTable(table, columns, items) {
  const head = rowOf(['#', ...columns.map(([heading]) => heading)], 'th');
  const rows = items.map((item, index) => rowOf([index + 1, ...columns.map(([, contentOf]) => contentOf(item))]));
  table.replaceChildren(head, ...rows);
  return rows;
}

/** @param pairs name and value, one below the other */
function fillInfo(table, pairs) {
  table.replaceChildren(
    ...pairs.map(([name, value]) => {
      const row = document.createElement('tr');
      row.append(cell(name, 'th'), element('td', String(value)));
      return row;
    }),
  );
}

/** `key=value. key=value.`, as the server describes its build. */
function binInfoPairs(text) {
  return text.split('. ').map((part) => {
    const [key, ...value] = part.replace(/\.$/, '').split('=');
    return [BIN_INFO_NAMES[key] ?? key, value.join('=')];
  });
}

async function showServerInfo() {
  const info = await call('api/stat/lal_info');
  byId('warnings').replaceChildren(...info.warnings.map((text) => element('li', text)));
  fillInfo(byId('server-info'), [
    ['Server ID', info.server_id],
    ...binInfoPairs(info.bin_info),
    ['lal version', info.lal_version],
    ['API version', info.api_version],
    ['Notify version', info.notify_version],
    ['Web UI version', info.WebUiVersion],
    ['Start time', info.start_time],
  ]);
}

function compareTexts(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sortedGroups(groups) {
  const keyOf =
    byId('sort').value === 'start' ? ({ pub }) => pub.start_time : ({ app_name, stream_name }) => `${stream_name} ${app_name}`;
  const sign = byId('order-desc').checked ? -1 : 1;
  return groups.toSorted((a, b) => sign * compareTexts(keyOf(a), keyOf(b)));
}

async function showAllGroups() {
  const { groups } = await call('api/stat/all_group');
  const sorted = sortedGroups(groups ?? []);
  const rows = fillTable(byId('groups'), GROUP_COLUMNS, sorted);
  rows.forEach((row, index) => {
    row.className = 'choice';
    row.tabIndex = 0;
    const choose = () => openGroup(sorted[index]);
    row.addEventListener('click', choose);
    row.addEventListener('keydown', ({ key }) => key === 'Enter' && choose());
  });
  byId('all-updated').textContent = updatedText();
}

async function showGroup() {
  const { stream_name, app_name } = chosen;
  const group = await call('api/stat/group', { stream_name, ...(app_name === '' ? {} : { app_name }) });
  // Another group may have been chosen meanwhile.
  if (chosen?.stream_name !== stream_name || chosen.app_name !== app_name) return;
  fillInfo(byId('group-info'), [
    ['app', group.app_name],
    ['stream', group.stream_name],
    ['video codec', group.video_codec],
    ['width', group.video_width],
    ['height', group.video_height],
    ['audio codec', group.audio_codec],
    ['frames per second, newest first', (group.in_frame_per_sec ?? []).map(({ v }) => v).join(' ')],
  ]);
  const present = (session) => (session.session_id === '' ? [] : [session]);
  fillTable(byId('group-pub'), SESSION_COLUMNS, present(group.pub));
  fillTable(byId('group-pull'), SESSION_COLUMNS, present(group.pull));
  const sign = byId('subs-desc').checked ? -1 : 1;
  const subs = (group.subs ?? []).toSorted((a, b) => sign * compareTexts(a.start_time, b.start_time));
  fillTable(byId('group-subs'), SESSION_COLUMNS, subs);
  byId('group-updated').textContent = updatedText();
}

function updatedText() {
  return `last update ${new Date().toLocaleTimeString()}`;
}

function openGroup(group) {
  chosen = { stream_name: group.stream_name, app_name: group.app_name };
  byId('group-name').textContent = group.stream_name;
  for (const id of ['group-info', 'group-pub', 'group-pull', 'group-subs']) byId(id).replaceChildren();
  showView();
  void refresh();
}

function showView() {
  byId('all-view').hidden = chosen !== undefined;
  byId('group-view').hidden = chosen === undefined;
}

async function refresh() {
  try {
    await (chosen === undefined ? showAllGroups() : showGroup());
    byId('problem').textContent = '';
  } catch (error) {
    byId('problem').textContent = error.message;
  }
}

/** Asks again after the interval of the view that is shown, for as long as its box is ticked. */
let lastRefreshMs = 0;
function autoRefresh() {
  const view = chosen === undefined ? 'all' : 'group';
  const intervalMs = Math.max(1, Number(byId(`${view}-interval`).value)) * 1000;
  const nowMs = Date.now();
  if (!byId(`${view}-auto`).checked || nowMs - lastRefreshMs < intervalMs) return;
  lastRefreshMs = nowMs;
  void refresh();
}

function applyUrlParameters() {
  const parameters = new URLSearchParams(location.search);
  if (parameters.get('sort') === 'start') byId('sort').value = 'start';
  byId('order-desc').checked = parameters.get('desc') === '1';
  const interval = Number(parameters.get('interval'));
  for (const view of ['all', 'group']) {
    if (interval >= 1) byId(`${view}-interval`).value = String(Math.floor(interval));
    byId(`${view}-auto`).checked = parameters.get('auto') === '1';
  }
}

async function start() {
  try {
    await showServerInfo();
  } catch (error) {
    byId('problem').textContent = error.message;
    return;
  }
  await refresh();
}

applyUrlParameters();
onToken(() => void start());
for (const id of ['all-refresh', 'group-refresh']) byId(id).addEventListener('click', () => void refresh());
for (const input of document.querySelectorAll('#sort, input[type=radio]')) {
  input.addEventListener('change', () => void refresh());
}
byId('group-back').addEventListener('click', () => {
  chosen = undefined;
  showView();
  void refresh();
});
setInterval(autoRefresh, 250);
void start();
