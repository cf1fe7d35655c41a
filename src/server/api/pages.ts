import { readFileSync } from 'node:fs';

/** A file that browsers get from the API's port. */
export interface PageFile {
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
}

/** Nothing from elsewhere, nothing inline, nobody's frame: what a publisher calls his stream stays text. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css' } as const;

/** Every page, and what pages load, by path; the files are in `assets/web/`. There is no other way to a file. */
const FILES: Readonly<Record<string, `${string}.${keyof typeof TYPES}`>> = {
  '/lal.html': 'lal.html',
  '/api/docs': 'docs.html',
  '/assets/lal.js': 'lal.js',
  '/assets/docs.js': 'docs.js',
  '/assets/call.js': 'call.js',
  '/assets/page.css': 'page.css',
};

/** Reads all pages. They hold nothing that is secret, so nobody needs a token for them. */
export function readPages(): Map<string, PageFile> {
  return new Map(Object.entries(FILES).map(([path, name]) => [path, pageFile(name)]));
}

/** A value as a file. */
export function jsonFile(value: object): PageFile {
  const bytes = Buffer.from(JSON.stringify(value));
  return { headers: { 'Content-Type': 'application/json', 'Content-Length': String(bytes.length) }, bytes };
}

function pageFile(name: string): PageFile {
  const bytes = readFileSync(new URL(`../../../assets/web/${name}`, import.meta.url));
  const type = TYPES[name.split('.').at(-1) as keyof typeof TYPES];
  const headers = {
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Length': String(bytes.length),
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-cache',
  };
  return { headers, bytes };
}
