/** Writes test/report/long.md: what the long test run did, on what, test by test. */
import { writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join, relative } from 'node:path';
import { nodeBinary, root, run } from './environment.mjs';

const mark = { passed: 'passed', failed: '**failed**' };

async function firstLine(command, args) {
  const { code, output } = await run(command, args, { capture: true });
  return code === 0 ? output.trim().split('\n')[0] : 'not found';
}

function fileSection(file) {
  const rows = file.assertionResults.map((test) => {
    const title = [...test.ancestorTitles, test.title].join(' › ').replaceAll('|', '\\|');
    return `| ${title} | ${mark[test.status] ?? test.status} | ${((test.duration ?? 0) / 1000).toFixed(1)} |`;
  });
  const name = relative(root, file.name);
  const failure = file.message ? ['', '```text', file.message.trim(), '```'] : [];
  return [
    `## ${name}`,
    '',
    '| test | result | seconds |',
    '| --- | --- | --- |',
    ...rows,
    ...failure,
    '',
  ].join('\n');
}

/** @returns {Promise<string>} the file's path */
export async function writeLongReport(folder, report) {
  const path = join(folder, 'long.md');
  const head = [
    '# Long test run',
    '',
    `${report.numPassedTests} passed, ${report.numFailedTests} failed; started ${new Date(report.startTime).toISOString()}`,
    '',
    `- Node ${(await firstLine(nodeBinary(), ['--version'])).replace('v', '')}, ${cpus().length} cores, ` +
      `${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${release()}`,
    `- ${await firstLine('ffmpeg', ['-version'])}`,
    `- ${await firstLine('gst-launch-1.0', ['--version'])}`,
    '',
  ].join('\n');
  writeFileSync(path, `${head}\n${report.testResults.map(fileSection).join('\n')}`);
  return path;
}
