import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getCallSites } from 'node:util';

/** Frames of this file, of the logger's own wrapper and of pino lie above the one that logged. */
const FRAMES_TO_LOOK_AT = 10;

const OWN_FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** `script:line:column` to the text shown: looking into a source map is done once per call site. */
const shown = new Map<string, string>();

/**
 * Where the caller of the logger is, as `file.ts:123`. Built files are traced back to their TypeScript source where the
 * map lies beside them.
 */
export function callSite(): string | undefined {
  const frame = getCallSites(FRAMES_TO_LOOK_AT).find(({ scriptName }) => !isLogger(scriptName));
  if (frame === undefined) return undefined;
  const { scriptName, lineNumber, columnNumber } = frame;
  const key = `${scriptName}:${lineNumber}:${columnNumber}`;
  let text = shown.get(key);
  if (text === undefined) {
    text = sourcePlace(scriptName, lineNumber, columnNumber);
    shown.set(key, text);
  }
  return text;
}

function isLogger(scriptName: string): boolean {
  const path = toPath(scriptName);
  return path.includes('/node_modules/pino/') || (path.startsWith(OWN_FOLDER) && !path.includes('.test.'));
}

function toPath(scriptName: string): string {
  return scriptName.startsWith('file:') ? fileURLToPath(scriptName) : scriptName;
}

function sourcePlace(scriptName: string, line: number, column: number): string {
  const path = toPath(scriptName);
  if (path.endsWith('.js')) {
    try {
      const map = new SourceMap(JSON.parse(readFileSync(`${path}.map`, 'utf8')));
      const entry = map.findEntry(line - 1, column - 1);
      if ('originalSource' in entry) {
        return `${basename(resolve(dirname(path), entry.originalSource))}:${entry.originalLine + 1}`;
      }
    } catch {
      // No map, or not a usable one: the built file's own place is the next best.
    }
  }
  return `${basename(path)}:${line}`;
}
