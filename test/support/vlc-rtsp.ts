import { copyFileSync, chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-ports.ts';
import { startProgram } from './program.ts';
import type { Scope } from './scope.ts';
import { portsOpen } from './server.ts';

/** VLC refuses to run as root: then it runs as this user and group ("nobody" on Debian). */
const nobody = 65_534;

/** VLC as an RTSP server that plays a file once. Media travel over UDP only: it answers 461 to whoever wants TCP. */
export async function serveRtspWithVlc(scope: Scope, file: string): Promise<string> {
  const port = await freePort();
  const home = join(scope.folder(), 'vlc-server');
  mkdirSync(home);
  const copy = join(home, 'cam.flv');
  copyFileSync(file, copy);
  chmodSync(scope.folder(), 0o755);
  for (const path of [home, copy]) if (process.getuid?.() === 0) chownSync(path, nobody, nobody);
  const url = `rtsp://127.0.0.1:${port}/live/cam`;
  const output = `#rtp{sdp=${url}}`;
  const vlc = ['cvlc', '--no-color', `--rtsp-host=127.0.0.1`, copy, '--sout', output, 'vlc://quit'];
  const env = { ...process.env, HOME: home, XDG_RUNTIME_DIR: home, DBUS_SESSION_BUS_ADDRESS: '' };
  const asNobody = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', ...vlc];
  const program =
    process.getuid?.() === 0
      ? startProgram(scope, 'setpriv', asNobody, { env })
      : startProgram(scope, vlc[0]!, vlc.slice(1), { env });
  await portsOpen(program, [port]);
  return url;
}
