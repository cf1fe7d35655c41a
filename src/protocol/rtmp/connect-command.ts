import { AmfObject } from '../amf/amf-value.ts';
import type { AmfValue } from '../amf/amf-value.ts';
import type { RtmpCommand } from './command.ts';

/**
 * The `connect` command ("Adobe's Real Time Messaging Protocol" 1.0, clause 7.2.1.1) with the capabilities that
 * "Enhanced RTMP v2" (Veovera, 2024) adds to it under "Enhancing NetConnection connect Command".
 */
export interface RtmpConnectRequest {
  /** As sent: may be empty and may hold `/` and a query. */
  readonly app: string;
  readonly tcUrl: string;
  readonly flashVer: string;
  /** 0 for AMF 0, 3 for AMF 3. */
  readonly objectEncoding: 0 | 3;
  /**
   * FourCCs the client says it handles, from `fourCcList` and the names in the two info maps; `*` means any. Empty for a
   * client that says nothing.
   */
  readonly fourCcList: readonly string[];
  /** Extended capabilities, a bit mask; 0 for a client that says nothing. */
  readonly capsEx: number;
}

/** More names than there are codecs would be a mistake or an attack. */
const MAX_FOURCCS = 64;

/** What the server carries in the enhanced form: it passes codecs on and neither decodes nor encodes. */
export const SERVER_FOURCCS = {
  video: ['hvc1', 'av01', 'vp09', 'avc1'],
  audio: ['Opus', 'mp4a', 'fLaC', 'ac-3', 'ec-3', '.mp3'],
} as const;

/** FourCcInfoMask.CanForward. */
const CAN_FORWARD = 4;

/** As lal answers; players have been seen to look at them. */
const FMS_VERSION = 'FMS/3,0,1,123';
const FMS_CAPABILITIES = 31;
const LAL_VERSION = '0,37,4';

/** The request of a `connect` command. @throws ProtocolError when `app` is missing */
export function parseConnect(command: RtmpCommand): RtmpConnectRequest {
  const object = command.commandObject instanceof AmfObject ? command.commandObject : new AmfObject();
  return {
    app: object.string('app') ?? '',
    tcUrl: object.string('tcUrl') ?? '',
    flashVer: object.string('flashVer') ?? '',
    objectEncoding: object.number('objectEncoding') === 3 ? 3 : 0,
    fourCcList: clientFourCcs(object),
    capsEx: object.number('capsEx') ?? 0,
  };
}

function clientFourCcs(object: AmfObject): string[] {
  const list = object.get('fourCcList');
  const names: AmfValue[] = Array.isArray(list) ? [...(list as readonly AmfValue[])] : [];
  for (const mapName of ['videoFourCcInfoMap', 'audioFourCcInfoMap']) {
    const map = object.get(mapName);
    if (map instanceof AmfObject) names.push(...map.entries.keys());
  }
  const texts = names.filter((name) => typeof name === 'string');
  return [...new Set(texts)].slice(0, MAX_FOURCCS);
}

/** The `_result` that accepts a `connect`. A client that named no FourCC gets lal's answer to the byte. */
export function connectResult(transactionId: number, request: RtmpConnectRequest): RtmpCommand {
  const properties: [string, AmfValue][] = [
    ['fmsVer', FMS_VERSION],
    ['capabilities', FMS_CAPABILITIES],
  ];
  if (request.fourCcList.length > 0) properties.push(...enhancedProperties());
  const information = new AmfObject([
    ['level', 'status'],
    ['code', 'NetConnection.Connect.Success'],
    ['description', 'Connection succeeded.'],
    ['objectEncoding', request.objectEncoding],
    ['version', LAL_VERSION],
  ]);
  return { name: '_result', transactionId, commandObject: new AmfObject(properties), args: [information] };
}

function enhancedProperties(): [string, AmfValue][] {
  const infoMap = (names: readonly string[]): AmfObject =>
    new AmfObject(names.map((name): [string, AmfValue] => [name, CAN_FORWARD]));
  return [
    ['fourCcList', [...SERVER_FOURCCS.video, ...SERVER_FOURCCS.audio]],
    ['videoFourCcInfoMap', infoMap(SERVER_FOURCCS.video)],
    ['audioFourCcInfoMap', infoMap(SERVER_FOURCCS.audio)],
    ['capsEx', 0],
  ];
}

/** The `connect` of this side as a client; fields and order as lal sends them. */
export interface RtmpConnectOptions {
  readonly app: string;
  readonly tcUrl: string;
  readonly flashVer: string;
  /** Sent when not empty: FourCCs the player at this end takes. */
  readonly fourCcList?: readonly string[] | undefined;
}

/** The `connect` command of a client. */
export function connectCommand(transactionId: number, options: RtmpConnectOptions): RtmpCommand {
  const fields: [string, AmfValue][] = [
    ['app', options.app],
    ['type', 'nonprivate'],
    ['flashVer', options.flashVer],
    ['fpad', false],
    ['tcUrl', options.tcUrl],
  ];
  const { fourCcList = [] } = options;
  if (fourCcList.length > 0) fields.push(['fourCcList', [...fourCcList]]);
  return { name: 'connect', transactionId, commandObject: new AmfObject(fields), args: [] };
}
