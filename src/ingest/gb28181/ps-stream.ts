import type { ProgramTime } from './program-clock.ts';

/** Takes the packets of one stream of a program. Damage is counted; nothing is thrown. */
export interface PsStream {
  /** An access unit was once said to end where it did not. */
  readonly hasTorn: boolean;
  /** @param time that the packet names */
  beginPacket(time: ProgramTime | undefined): void;
  /** The next bytes of the packet. @param bytes copied where they are kept */
  receive(bytes: Uint8Array): void;
  /** The packet is complete. */
  endPacket(): void;
  /** Bytes are missing before those that come next. */
  lose(): void;
  /** The sender says that an access unit ends here, if one is open. */
  endUnit(): void;
  /** No more comes: hands on what is held back. */
  end(): void;
}
