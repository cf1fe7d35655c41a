import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Scope } from './scope.ts';

/** Listens, and then never accepts: its event loop stands still. */
const script = `
const server = require('node:net').createServer();
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  require('node:fs').writeSync(1, String(server.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

/** Connections that the system takes on behalf of a program that does not: with a backlog of 1, one more. */
const backlog = 2;

/** A machine that does not even take connections: whoever calls waits until he gives up. @returns its port */
export async function startDeafReceiver(scope: Scope): Promise<number> {
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  scope.defer(() => void child.kill('SIGKILL'));
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  for (let taken = 0; taken < backlog; taken += 1) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    scope.defer(() => void socket.destroy());
    await once(socket, 'connect');
  }
  return Number(port);
}
