import { expect, test } from 'vitest';
import { parsePrometheusText } from './prometheus-text.ts';

const good = `# HELP a_total Some \\\\ text\\nwith two lines.
# TYPE a_total counter
a_total{code="x\\"y\\\\z\\n",kind=""} 3
a_total{code="}, =",kind="2"} 1.5e+06 1700000000000

# a comment
# HELP b b
# TYPE b gauge
b -Inf
# HELP c c
# TYPE c gauge
`;

test('what the description allows is read', () => {
  const families = [...parsePrometheusText(good).values()];
  expect(families).toEqual([
    {
      name: 'a_total',
      help: 'Some \\ text\nwith two lines.',
      type: 'counter',
      samples: [
        { labels: { code: 'x"y\\z\n', kind: '' }, value: 3 },
        { labels: { code: '}, =', kind: '2' }, value: 1_500_000 },
      ],
    },
    { name: 'b', help: 'b', type: 'gauge', samples: [{ labels: {}, value: -Infinity }] },
    { name: 'c', help: 'c', type: 'gauge', samples: [] },
  ]);
});

const head = '# HELP a a\n# TYPE a gauge\n';

test.each([
  ['no line feed at the end', `${head}a 1`],
  ['a sample without a family', 'a 1\n'],
  ['a sample of another family', `${head}b 1\n`],
  ['the same series twice', `${head}a{x="1",y="2"} 1\na{y="2",x="1"} 1\n`],
  ['a family in two parts', `${head}a 1\n# HELP b b\n# TYPE b gauge\n${head}a{x="1"} 1\n`],
  ['a TYPE without HELP', '# TYPE a gauge\na 1\n'],
  ['an unknown type', '# HELP a a\n# TYPE a number\na 1\n'],
  ['a value that is no number', `${head}a one\n`],
  ['no value', `${head}a\n`],
  ['something behind the time', `${head}a 1 2 3\n`],
  ['a label without quotes', `${head}a{x=1} 1\n`],
  ['a label twice', `${head}a{x="1",x="2"} 1\n`],
  ['a quote that nobody closes', `${head}a{x="1} 1\n`],
  ['an escape that there is not', `${head}a{x="\\t"} 1\n`],
  ['a label name with a dash', `${head}a{x-y="1"} 1\n`],
  ['a negative counter', '# HELP a a\n# TYPE a counter\na -1\n'],
])('%s is refused', (_, text) => {
  expect(() => parsePrometheusText(text)).toThrow();
});
