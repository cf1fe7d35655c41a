import { z } from 'zod';
import { securityWarnings } from '../../auth/default-secrets.ts';
import { formatFinding } from '../../config/config-finding.ts';
import { RELOAD_EFFECT_TEXTS, type ReloadEffect } from '../../config/reload-effects.ts';
import { ApiCode } from '../api-codes.ts';
import { defineEndpoint, type Endpoint } from '../endpoint.ts';

const effects = Object.keys(RELOAD_EFFECT_TEXTS) as [ReloadEffect, ...ReloadEffect[]];

const reloadSchema = z.object({
  applied: z
    .array(
      z.object({
        key: z.string().meta({ description: 'Such as `rtmp.gop_num`.' }),
        effect: z.enum(effects).meta({
          description: '`now`, or for what begins afterwards: `session`, `publication`, `stream`.',
        }),
      }),
    )
    .readonly()
    .meta({ description: 'Keys that have changed, with what the new value counts for.' }),
  needs_restart: z.array(z.string()).readonly().meta({
    description: 'Keys whose value in the file is not the one in force; a restart would change that.',
  }),
  warnings: z.array(z.string()).meta({
    description:
      'What is odd about the file: `file:line:column: key: text`; secrets that everybody knows: `SECURITY: text`.',
  }),
});

/** The config of the running server. */
export const configEndpoints: readonly Endpoint[] = [
  defineEndpoint({
    path: '/api/ctrl/reload_config',
    call: 'GET',
    changesState: true,
    group: 'Server',
    summary: 'Reads the config file again, as SIGHUP does',
    description:
      'Nobody who publishes or plays is disturbed. A file that cannot be used changes nothing: 2010, with everything ' +
      'that is wrong in `detail`.',
    parameters: z.object({}),
    data: { schema: reloadSchema, onFailure: { applied: [], needs_restart: [], warnings: [] } },
    handle: ({ config, configReloader }) => {
      const reload = configReloader.readAgain();
      if (reload instanceof Error) return { code: ApiCode.configRefused, detail: reload.message };
      const { applied, needsRestart } = reload;
      const warnings = [
        ...reload.warnings.map(formatFinding),
        ...securityWarnings(config).map((text) => `SECURITY: ${text}`),
      ];
      return { data: { applied: [...applied], needs_restart: needsRestart, warnings } };
    },
  }),
];
