import { z } from 'zod';
import { securityWarnings } from '../../auth/default-secrets.ts';
import { lalInfo } from '../../lal-info.ts';
import { ApiCode } from '../api-codes.ts';
import { defineEndpoint, type Endpoint } from '../endpoint.ts';
import { statGroupSchema } from '../stat-schemas.ts';
import { streamKeyFor, streamQuery } from '../stream-parameters.ts';

const lalInfoSchema = z.object({
  server_id: z.string().meta({ description: '`server_id` of the config.' }),
  bin_info: z.string().meta({ description: 'Build and platform: `key=value`, each ending in a full stop.' }),
  lal_version: z.string().meta({ description: 'Version of this server.' }),
  api_version: z
    .string()
    .meta({ description: 'Version of lal’s HTTP API that this one is compatible with.' }),
  notify_version: z.string().meta({ description: 'The same of the HTTP callbacks.' }),
  WebUiVersion: z.string().meta({ description: 'The same of the web page.' }),
  start_time: z.string().meta({ description: 'When the server was started.' }),
  warnings: z.array(z.string()).meta({
    description: 'Extension: secrets of the config that everybody knows; empty when all is well.',
  }),
});

/** What is going on. */
export const statEndpoints: readonly Endpoint[] = [
  defineEndpoint({
    path: '/api/stat/group',
    call: 'GET',
    changesState: false,
    group: 'Statistics',
    summary: 'One stream: its codecs, publisher, viewers and rates',
    parameters: z.object(streamQuery),
    data: { schema: statGroupSchema.nullable(), onFailure: null },
    handle: (context, stream) => {
      const group = context.statistics.group(streamKeyFor(context, stream));
      return group === undefined ? { code: ApiCode.groupNotFound } : { data: group };
    },
  }),
  defineEndpoint({
    path: '/api/stat/all_group',
    call: 'GET',
    changesState: false,
    group: 'Statistics',
    summary: 'All streams',
    parameters: z.object({}),
    data: {
      schema: z.object({
        groups: z
          .array(statGroupSchema)
          .nullable()
          .meta({ description: '`null` when there are no streams.' }),
      }),
      onFailure: { groups: null },
    },
    handle: ({ statistics }) => {
      const groups = statistics.groups();
      return { data: { groups: groups.length === 0 ? null : groups } };
    },
  }),
  defineEndpoint({
    path: '/api/stat/lal_info',
    call: 'GET',
    changesState: false,
    group: 'Statistics',
    summary: 'The server itself: versions, start time',
    parameters: z.object({}),
    data: {
      schema: lalInfoSchema,
      onFailure: {
        server_id: '',
        bin_info: '',
        lal_version: '',
        api_version: '',
        notify_version: '',
        WebUiVersion: '',
        start_time: '',
        warnings: [],
      },
    },
    handle: ({ config, startedMs }) => ({
      data: { ...lalInfo(config.server_id, startedMs), warnings: securityWarnings(config) },
    }),
  }),
];
