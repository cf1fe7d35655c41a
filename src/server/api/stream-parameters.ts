import { z } from 'zod';
import { streamKeyOf, type StreamAddress } from '../stream-address.ts';
import type { ApiContext } from './api-context.ts';

/** The parameters by which calls name a stream. */
export const streamParameters: { stream_name: z.ZodString; app_name: z.ZodOptional<z.ZodString> } = {
  stream_name: z.string().meta({ description: 'Name of the stream.' }),
  app_name: z
    .string()
    .optional()
    .meta({
      description:
        'Extension: its app, where the config says `"stream_key": "app_stream"`. Without it the one stream of that name ' +
        'is meant; or `stream_name` is `app/stream`.',
    }),
};

/** The same in a query, where lal takes an empty name for none. */
export const streamQuery: typeof streamParameters = {
  ...streamParameters,
  stream_name: z.string().min(1).meta({ description: 'Name of the stream.' }),
};

/** A stream as a caller names it. */
export interface NamedStream {
  readonly stream_name: string;
  readonly app_name?: string | undefined;
}

/** The key of the stream that is meant, whether or not it exists. */
export function streamKeyFor({ config, hub }: ApiContext, { stream_name, app_name }: NamedStream): string {
  if (config.stream_key === 'stream') return stream_name;
  if (app_name !== undefined) {
    return streamKeyOf({ appName: app_name, streamName: stream_name, urlParam: '' }, config.stream_key);
  }
  if (hub.get(stream_name) !== undefined) return stream_name;
  const sameNamed = [...hub.streams.keys()].filter((key) => key.endsWith(`/${stream_name}`));
  return sameNamed.length === 1 ? sameNamed[0]! : stream_name;
}

/** Names that have the key of a stream, for inputs that are started by it. */
export function streamAddressOf({ config }: ApiContext, streamKey: string): StreamAddress {
  const slash = config.stream_key === 'app_stream' ? streamKey.lastIndexOf('/') : -1;
  const appName = streamKey.slice(0, Math.max(slash, 0));
  return { appName, streamName: streamKey.slice(slash + 1), urlParam: '' };
}
