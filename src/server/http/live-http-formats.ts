import { flvOutput } from '../../output/flv-output.ts';
import { tsOutput } from '../../output/ts-output.ts';
import type { ServerConfig } from '../config/server-config.ts';
import type { LiveHttpFormat } from './live-http-service.ts';
import { flvFanoutOptions, flvFormFor, tsFanoutOptions } from '../output-options.ts';

/** HTTP-FLV and its WebSocket and TLS forms. */
export function flvOverHttp(config: ServerConfig): LiveHttpFormat {
  return {
    protocol: 'FLV',
    idPrefix: 'FLVPUBSUB',
    pattern: config.httpflv.url_pattern,
    suffix: '.flv',
    contentType: 'video/x-flv',
    unknownStream: () => config.httpflv.unknown_stream,
    variantFor: (viewer) => flvOutput(flvFormFor(viewer.urlParam, [], config), flvFanoutOptions(config)),
  };
}

/** HTTP-TS and its WebSocket and TLS forms. */
export function tsOverHttp(config: ServerConfig): LiveHttpFormat {
  return {
    protocol: 'TS',
    idPrefix: 'TSPUBSUB',
    pattern: config.httpts.url_pattern,
    suffix: '.ts',
    contentType: 'video/mp2t',
    unknownStream: () => config.httpts.unknown_stream,
    variantFor: () => tsOutput(tsFanoutOptions(config)),
  };
}
