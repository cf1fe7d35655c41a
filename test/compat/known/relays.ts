import type { KnownDifference } from './known-difference.ts';

/** Relay pulls. */
export const knownOfRelays: readonly KnownDifference[] = [
  {
    topic: 'Relay pull: an URL that nothing can be pulled from',
    where:
      /relay pull: refused at once › URL "[^"]*"(?: without a name)? › body\.(?:error_code|desp|data\.\w+)$/,
  },
  {
    topic: 'Relay pull: stop while it connects, or between two tries',
    where: /a server that never answers › stop while it connects › body\./,
    lal: /^(?:1003|"session not found"|"")$/,
  },
];
