import type { Socket } from 'node:net';
import type { Clock } from '../../media/clock.ts';

/** How long a closing socket may take to send what is left, and its peer to close too. */
export const CLOSE_GRACE_MS = 2000;

/** Ends a socket: what was written is still sent, but neither that nor a peer that stays may take for ever. */
export function closeSocket(socket: Socket, clock: Clock): void {
  socket.end();
  // Unread input would turn our FIN into a reset, and the peer would not see our last words.
  socket.resume();
  destroyAfterGrace(socket, clock);
}

/** For a socket that is closing already, in its protocol's own way. */
export function destroyAfterGrace(socket: Socket, clock: Clock): void {
  if (socket.destroyed) return;
  const cancel = clock.after(CLOSE_GRACE_MS, () => socket.destroy());
  socket.once('close', cancel);
}
