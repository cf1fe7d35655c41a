import { join } from 'node:path';

const SUFFIX = '.laldump';
const MAX_NAME_BYTES = 255;

/** Where a dump goes, or why it may not be made. */
export type DumpPath = { readonly path: string } | { readonly problem: string };

/**
 * The file for a dump that somebody asks for over the network. It lies below `folder` and ends in `.laldump`, so that nothing
 * else there can be overwritten.
 * @param folder of the config; empty: no dumps
 * @param name relative to it, with folders if need be; lal's clients write `./` in front
 */
export function dumpPathOf(folder: string, name: string): DumpPath {
  if (folder === '') return { problem: 'dumps are off: http_api.dump_path is empty' };
  const parts = name.replace(/^(?:\.\/)+/, '').split('/');
  const isPlain = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (!isPlain || /[\u0000-\u001F\u007F\\:]/.test(name) || Buffer.byteLength(name) > MAX_NAME_BYTES) {
    return { problem: 'a dump is named by a path relative to http_api.dump_path' };
  }
  const file = join(folder, ...parts);
  return { path: file.endsWith(SUFFIX) ? file : `${file}${SUFFIX}` };
}
