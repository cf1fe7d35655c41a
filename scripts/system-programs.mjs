/** The programs of other people that the end-to-end tests publish and play with. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, ScriptError } from './environment.mjs';

/** Debian package -> a program it brings; packages without one (plug-ins) are asked for by package name only. */
const packages = {
  ffmpeg: 'ffmpeg',
  rtmpdump: 'rtmpdump',
  'gstreamer1.0-tools': 'gst-launch-1.0',
  'gstreamer1.0-plugins-base': undefined,
  'gstreamer1.0-plugins-good': undefined,
  'gstreamer1.0-plugins-bad': undefined,
  'gstreamer1.0-plugins-ugly': undefined,
  'gstreamer1.0-libav': undefined,
  'gstreamer1.0-rtsp': undefined,
  'vlc-bin': 'cvlc',
  'vlc-plugin-base': undefined,
  openssl: 'openssl',
  nginx: 'nginx',
  'libnginx-mod-rtmp': undefined,
  tshark: 'tshark',
  chromium: 'chromium',
};

function isOnPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Names of the packages that are not there; where dpkg is not the package manager only the programs can be looked for. */
async function missingPackages() {
  if (!isOnPath('dpkg-query')) {
    return Object.keys(packages).filter((name) => packages[name] !== undefined && !isOnPath(packages[name]));
  }
  const { output } = await run(
    'dpkg-query',
    ['--show', '--showformat=${Package} ${Status}\n', ...Object.keys(packages)],
    {
      capture: true,
    },
  );
  const installed = new Set(
    output.split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.split(' ')[0]] : [])),
  );
  return Object.keys(packages).filter(
    (name) => !installed.has(name) && !(packages[name] !== undefined && isOnPath(packages[name])),
  );
}

/** Installs what is missing with apt-get when run as root, else fails with the command to type. */
export async function ensureSystemPrograms() {
  const missing = await missingPackages();
  if (missing.length === 0) return;
  const command = ['apt-get', 'install', '--yes', '--no-install-recommends', ...missing];
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) {
    throw new ScriptError(
      `The end-to-end tests need programs that are not installed. Run this, then try again:\n  sudo ${command.join(' ')}`,
    );
  }
  console.error(`Installing ${missing.join(' ')} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  let result = await run(command[0], command.slice(1), { capture: true, env });
  if (result.code !== 0) {
    // The list of packages may be missing or old: fetch it, then try once more.
    await run('apt-get', ['update'], { capture: true, env });
    result = await run(command[0], command.slice(1), { capture: true, env });
  }
  if (result.code !== 0) {
    throw new ScriptError(
      `"${command.join(' ')}" failed with exit code ${result.code}:\n${result.output.trim()}`,
    );
  }
}
