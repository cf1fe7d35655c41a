import { Buffer } from 'node:buffer';
import { VERSION } from '../version.ts';
import { textAnswer, type PprofAnswer } from './pprof-answer.ts';

/** What all paths begin with; itself the page that links to the others. */
export const PPROF_PREFIX = '/debug/pprof/';

/** Pages of Go that have nothing to show here, with the reason. */
const ABSENT: Readonly<Record<string, string>> = {
  goroutine: `There are no goroutines in Node.js; ${PPROF_PREFIX}goroutine?debug=1 lists what keeps the event loop alive.`,
  block: `JavaScript runs on one thread and has no locks to wait for; what holds it up is in ${PPROF_PREFIX}profile.`,
  mutex: `JavaScript runs on one thread and has no mutexes; what holds it up is in ${PPROF_PREFIX}profile.`,
  threadcreate:
    'The threads of Node.js are all there from the start, so that there is no profile of who makes them.',
  trace:
    "Execution traces are of Go's scheduler; Node.js has --trace-event-categories, to be given when it starts.",
};

const LINKS: readonly (readonly [link: string, text: string])[] = [
  ['profile?seconds=10', 'CPU: what the server does in the next 10 seconds (1 to 300), for go tool pprof'],
  ['profile?seconds=10&format=cpuprofile', "the same for Chrome's developer tools (Performance)"],
  ['heap', 'heap: what was allocated since the start and lives, sampled, after a garbage collection'],
  ['heap?format=heapprofile', "the same for Chrome's developer tools (Memory)"],
  [
    'allocs?seconds=10',
    'allocations of the next 10 seconds, whether they live on or not; heap begins anew with it',
  ],
  ['allocs?seconds=10&format=heapprofile', "the same for Chrome's developer tools"],
  [
    'heapsnapshot',
    'all objects of the heap, for the developer tools; the server stands still while it is made',
  ],
  ['goroutine?debug=1', 'what keeps the event loop alive: sockets, timers, files'],
  ['cmdline', 'the command line'],
];

/** Pages that are answered at once. */
export function pprofPage(pathname: string, query: URLSearchParams): PprofAnswer {
  if (pathname === PPROF_PREFIX) return htmlAnswer(indexHtml());
  if (pathname === '/' || `${pathname}/` === PPROF_PREFIX) {
    return textAnswer(302, `See ${PPROF_PREFIX}\n`, { Location: PPROF_PREFIX });
  }
  const name = pathname.startsWith(PPROF_PREFIX) ? pathname.slice(PPROF_PREFIX.length) : '';
  if (name === 'cmdline') return textAnswer(200, process.argv.join('\0'));
  // Whatever a profile names is in the profile: there is nothing to look up.
  if (name === 'symbol') return textAnswer(200, 'num_symbols: 0\n');
  if (name === 'goroutine' && Number(query.get('debug')) > 0) return textAnswer(200, activeResources());
  const reason = Object.hasOwn(ABSENT, name)
    ? ABSENT[name]!
    : `There is no such page; ${PPROF_PREFIX} has all.`;
  return textAnswer(404, `${reason}\n`);
}

/** What Node's event loop has to wait for, most frequent first. */
function activeResources(): string {
  const counts = new Map<string, number>();
  const types = process.getActiveResourcesInfo();
  for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1);
  const lines = [...counts].sort((a, b) => b[1] - a[1]).map(([type, count]) => `${count} ${type}\n`);
  return `active resources: total ${types.length}\n${lines.join('')}`;
}

function htmlAnswer(html: string): PprofAnswer {
  return { status: 200, contentType: 'text/html; charset=utf-8', body: Buffer.from(html) };
}

function indexHtml(): string {
  const rows = LINKS.map(([link, text]) => {
    const escaped = link.replaceAll('&', '&amp;');
    return `<tr><td><a href="${escaped}">${escaped}</a><td>${text}\n`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${PPROF_PREFIX}</title>
<style>body { font: 15px/1.5 sans-serif; margin: 2em } td { padding: 0 2em .3em 0; vertical-align: top }</style>
<h1>${PPROF_PREFIX}</h1>
<p>lal-ts ${VERSION}, Node.js ${process.version}, process ${process.pid}. Profiles are made one at a time.</p>
<table>
${rows.join('')}</table>
</html>
`;
}
