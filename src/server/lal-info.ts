import { formatGoTime } from './stats/go-time.ts';
import { VERSION } from './version.ts';

/** What a server says of itself in `/api/stat/lal_info` and `on_server_start`: lal's keys, in lal's order. */
export interface LalInfo {
  readonly server_id: string;
  /** Build and platform, `key=value. ` each; lal's web page splits it. */
  readonly bin_info: string;
  readonly lal_version: string;
  readonly api_version: string;
  readonly notify_version: string;
  readonly WebUiVersion: string;
  readonly start_time: string;
}

/** lal's interfaces that ours are compatible with. */
const INTERFACE_VERSIONS = {
  api_version: 'v0.4.9',
  notify_version: 'v0.2.5',
  WebUiVersion: 'v0.0.3',
} as const;

/** Go's names of processors, where Node has others. */
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

const BIN_INFO = Object.entries({
  GitTag: `v${VERSION}`,
  GitCommitLog: 'unknown',
  GitStatus: 'unknown',
  BuildTime: 'unknown',
  GoVersion: `node ${process.version}`,
  runtime: `${process.platform}/${GO_ARCHITECTURES[process.arch] ?? process.arch}`,
})
  .map(([key, value]) => `${key}=${value}.`)
  .join(' ');

/** @param startedMs when the server was started, in milliseconds since 1970 */
export function lalInfo(serverId: string, startedMs: number): LalInfo {
  return {
    server_id: serverId,
    bin_info: BIN_INFO,
    lal_version: `v${VERSION}`,
    ...INTERFACE_VERSIONS,
    start_time: formatGoTime(startedMs),
  };
}
