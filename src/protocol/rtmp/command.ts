import { readAllAmf0, serializeAmf0 } from '../amf/amf0.ts';
import { AmfObject } from '../amf/amf-value.ts';
import type { AmfValue } from '../amf/amf-value.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { RtmpMessageType } from './message.ts';
import type { RtmpMessage } from './message.ts';

/** A command message ("Adobe's Real Time Messaging Protocol" 1.0, clause 7.2.1). */
export interface RtmpCommand {
  readonly name: string;
  /** Pairs a command with its `_result` or `_error`; 0 where no answer is wanted. */
  readonly transactionId: number;
  /** Null in most commands, an object in `connect`. */
  readonly commandObject: AmfValue;
  /** What follows the command object. */
  readonly args: readonly AmfValue[];
}

/**
 * Reads a message of type 20 or 17. An AMF 3 command is AMF 0 behind one byte; its values may switch to AMF 3.
 * @throws ProtocolError `ERR_RTMP_COMMAND`, `ERR_AMF_…`, `ERR_TRUNCATED`
 */
export function parseCommand(message: RtmpMessage): RtmpCommand {
  const isAmf3 = message.typeId === RtmpMessageType.commandAmf3;
  const values = readAllAmf0(isAmf3 ? message.payload.subarray(1) : message.payload);
  const [name, transactionId, commandObject, ...args] = values;
  if (typeof name !== 'string') {
    throw new ProtocolError('ERR_RTMP_COMMAND', 'a command without a name');
  }
  return { name, transactionId: typeof transactionId === 'number' ? transactionId : 0, commandObject, args };
}

/** The payload of a type 20 message. */
export function serializeCommand(command: RtmpCommand): Uint8Array {
  return serializeAmf0(command.name, command.transactionId, command.commandObject, ...command.args);
}

/** The information object of `onStatus`, and of the answer to `connect`. */
export interface RtmpStatus {
  readonly level: 'status' | 'warning' | 'error';
  /** `NetStream.Publish.Start` and the like. */
  readonly code: string;
  readonly description: string;
}

/** `onStatus` (clause 7.2.2): transaction id 0, no command object. */
export function statusCommand(status: RtmpStatus): RtmpCommand {
  const { level, code, description } = status;
  return {
    name: 'onStatus',
    transactionId: 0,
    commandObject: null,
    args: [new AmfObject({ level, code, description })],
  };
}

/** The information object of an `onStatus` or `_error`. Missing fields read as empty; servers leave some out. */
export function parseStatus(command: RtmpCommand): { level: string; code: string; description: string } {
  const information = command.args.find((value) => value instanceof AmfObject) ?? new AmfObject();
  return {
    level: information.string('level') ?? '',
    code: information.string('code') ?? '',
    description: information.string('description') ?? '',
  };
}
