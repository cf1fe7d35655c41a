/**
 * A strict reader of Prometheus' text format, version 0.0.4, written from its description, to see whether what a server
 * says is what others will read.
 */

/** A family as it stands in the text. */
export interface PrometheusFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: PrometheusSample[];
}

/** One line with a value. */
interface PrometheusSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?Inf|NaN)$/;
const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];

/** @throws for whatever the description does not allow, or says that it should not be */
export function parsePrometheusText(text: string): Map<string, PrometheusFamily> {
  must(text.endsWith('\n'), 'the last line must end with a line feed', text.slice(-80));
  const families = new Map<string, PrometheusFamily>();
  const series = new Set<string>();
  const seen = new Set<string>();
  let current: PrometheusFamily | undefined;
  let help: { readonly name: string; readonly text: string } | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    if (line.startsWith('# HELP ')) {
      const [, name = '', rest = ''] = /^# HELP (\S+) (.*)$/.exec(line) ?? [];
      must(NAME.test(name) && rest !== '', 'HELP has a name and a text', line);
      must(!seen.has(name), 'all lines of a family stand together, HELP once', line);
      must(/^(?:[^\\]|\\[\\n])*$/.test(rest), 'only \\\\ and \\n are escaped in a HELP text', line);
      help = {
        name,
        text: rest.replaceAll(/\\([\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : '\\')),
      };
    } else if (line.startsWith('# TYPE ')) {
      const [, name = '', type = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
      must(TYPES.includes(type), 'TYPE has a name and one of five types', line);
      must(!seen.has(name), 'all lines of a family stand together, TYPE once', line);
      must(help?.name === name, 'HELP comes right before TYPE', line);
      seen.add(name);
      current = { name, help: help.text, type, samples: [] };
      families.set(name, current);
    } else if (!line.startsWith('#')) {
      const { name, labels, value } = parseSample(line);
      must(current?.name === name, 'a sample stands below the TYPE of its family', line);
      const key = `${name} ${JSON.stringify(labels, Object.keys(labels).toSorted())}`;
      must(!series.has(key), 'a series has one sample', line);
      must(current.type !== 'counter' || value >= 0, 'a counter is not negative', line);
      series.add(key);
      current.samples.push({ labels, value });
    }
  }
  return families;
}

function parseSample(line: string): { name: string; labels: Record<string, string>; value: number } {
  const [, name = '', rest = ''] = /^([^\s{]+)(.*)$/.exec(line) ?? [];
  must(NAME.test(name), 'a sample begins with the name of its family', line);
  const { labels, end } = rest.startsWith('{') ? parseLabels(rest, line) : { labels: {}, end: 0 };
  const [number = '', timestamp, ...more] = rest
    .slice(end)
    .trim()
    .split(/[ \t]+/);
  must(NUMBER.test(number), 'a value is a number as Go writes it', line);
  must(timestamp === undefined || /^-?\d+$/.test(timestamp), 'a time is a whole number', line);
  must(more.length === 0, 'nothing follows value and time', line);
  return { name, labels, value: Number(number.replace('Inf', 'Infinity')) };
}

function parseLabels(text: string, line: string): { labels: Record<string, string>; end: number } {
  const labels: Record<string, string> = {};
  let at = 1;
  while (text[at] !== '}') {
    const equals = text.indexOf('="', at);
    const name = text.slice(at, equals);
    must(equals > 0 && LABEL_NAME.test(name), 'a label is NAME="VALUE"', line);
    must(!(name in labels), 'a label stands once', line);
    const value = parseLabelValue(text, equals + 2, line);
    labels[name] = value.text;
    at = value.end;
    if (text[at] === ',') at += 1;
    else must(text[at] === '}', 'labels are divided by commas', line);
  }
  return { labels, end: at + 1 };
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', n: '\n' };

function parseLabelValue(text: string, start: number, line: string): { text: string; end: number } {
  let value = '';
  for (let at = start; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '"') return { text: value, end: at + 1 };
    if (character === '\\') {
      at += 1;
      const escaped = ESCAPES[text[at] ?? ''];
      must(escaped !== undefined, 'only \\\\, \\" and \\n are escaped in a label', line);
      value += escaped;
    } else {
      value += character;
    }
  }
  throw new Error(`a label's value ends with a quote: ${line}`);
}

function must(condition: boolean, rule: string, where: string): asserts condition {
  if (!condition) throw new Error(`${rule}: ${where}`);
}
