import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-ports.ts';
import { startProgram } from './program.ts';
import type { Program } from './program.ts';
import type { Scope } from './scope.ts';
import { portsOpen } from './server.ts';

/** nginx with its RTMP module, on the loopback. */
export interface Nginx {
  readonly program: Program;
  readonly port: number;
}

const modulePath = '/usr/lib/nginx/modules/ngx_rtmp_module.so';

/**
 * Starts nginx in a folder of its own; it ends with the scope at the latest. The application `live` takes every
 * publisher, `closed` none.
 * @param port a port to take again
 */
export async function startNginx(scope: Scope, port?: number): Promise<Nginx> {
  const ownPort = port ?? (await freePort());
  const folder = scope.folder();
  const config = join(folder, `nginx-${ownPort}.conf`);
  writeFileSync(
    config,
    `load_module ${modulePath};
     daemon off; master_process off; user root;
     pid ${folder}/nginx-${ownPort}.pid;
     error_log stderr info;
     events {}
     rtmp {
       server {
         listen 127.0.0.1:${ownPort};
         application live { live on; }
         application closed { live on; deny publish all; }
       }
     }`,
  );
  const program = startProgram(scope, 'nginx', ['-p', folder, '-c', config, '-e', 'stderr'], {
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
  });
  await portsOpen(program, [ownPort]);
  return { program, port: ownPort };
}
