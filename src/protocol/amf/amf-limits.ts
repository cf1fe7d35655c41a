import { ProtocolError } from '../../bytes/protocol-error.ts';

/** Commands nest two or three levels; 32 leaves room and keeps recursion far from the end of the stack. */
const MAX_DEPTH = 32;

/** A key-frame index with times and positions of a ten-hour recording at one key frame a second fits. */
const MAX_VALUES = 1 << 17;

/** Counts what one message reads or writes, so that neither nesting nor tiny elements can exhaust the process. */
export class AmfBudget {
  #depth = 0;
  #values = 0;

  /** Call before each value. @throws ProtocolError `ERR_AMF_DEPTH`, `ERR_AMF_COUNT` */
  enter(): void {
    this.#depth += 1;
    this.#values += 1;
    if (this.#depth > MAX_DEPTH) {
      throw new ProtocolError('ERR_AMF_DEPTH', `AMF values nested more than ${MAX_DEPTH} deep`, {
        limit: MAX_DEPTH,
      });
    }
    if (this.#values > MAX_VALUES) {
      throw new ProtocolError('ERR_AMF_COUNT', `more than ${MAX_VALUES} AMF values in one message`, {
        limit: MAX_VALUES,
      });
    }
  }

  leave(): void {
    this.#depth -= 1;
  }
}
