import { z } from 'zod';
import { ApiCode } from '../api-codes.ts';
import { defineEndpoint, type ApiFailure, type Endpoint } from '../endpoint.ts';

const ip = z.string().meta({ description: 'IPv4 or IPv6 address, in any spelling.' });

const NO_ADDRESS: ApiFailure = { code: ApiCode.paramMissing, detail: 'ip: is no IP address' };

/** Addresses that may neither publish nor play. */
export const blacklistEndpoints: readonly Endpoint[] = [
  defineEndpoint({
    path: '/api/ctrl/add_ip_blacklist',
    call: 'POST',
    changesState: true,
    group: 'Blacklist',
    summary: 'Keeps an address out for a while',
    description:
      'The address can neither publish nor play by any protocol. Its HLS viewers are closed. Adding it again sets its time anew.',
    parameters: z.object({
      ip,
      duration_sec: z.int().meta({ description: 'Seconds. 0 or less takes the address off the list.' }),
      close_sessions: z.boolean().default(false).meta({
        description: 'Extension: end its other sessions too, publishers and viewers of every protocol.',
      }),
    }),
    handle: ({ blacklist }, { ip: address, duration_sec: durationSec, close_sessions: closeSessions }) =>
      blacklist.add(address, durationSec, { closeSessions }) ? { data: undefined } : NO_ADDRESS,
  }),
  defineEndpoint({
    path: '/api/ctrl/list_ip_blacklist',
    call: 'GET',
    changesState: false,
    group: 'Blacklist',
    summary: 'The addresses that are kept out',
    description: 'Extension.',
    parameters: z.object({}),
    data: {
      schema: z.object({
        entries: z
          .array(
            z.object({
              ip: z.string().meta({ description: 'The address in its short form.' }),
              remaining_sec: z.int().min(1).meta({ description: 'Seconds until it is let in again.' }),
            }),
          )
          .meta({ description: 'In the order in which they were added.' }),
      }),
      onFailure: { entries: [] },
    },
    handle: ({ blacklist }) => {
      const entries = blacklist.list().map((entry) => ({ ip: entry.ip, remaining_sec: entry.remainingSec }));
      return { data: { entries } };
    },
  }),
  defineEndpoint({
    path: '/api/ctrl/remove_ip_blacklist',
    call: 'POST',
    changesState: true,
    group: 'Blacklist',
    summary: 'Lets an address in again',
    description: 'Extension.',
    parameters: z.object({ ip }),
    data: {
      schema: z.object({
        was_listed: z.boolean().meta({ description: 'Whether it was kept out until now.' }),
      }),
      onFailure: { was_listed: false },
    },
    handle: ({ blacklist }, { ip: address }) => {
      const wasListed = blacklist.remove(address);
      return wasListed === undefined ? NO_ADDRESS : { data: { was_listed: wasListed } };
    },
  }),
];
