import type { Logger } from 'pino';

/** What to do with a fault of our own: an exception nobody expected. */
export type FaultHandler = (error: unknown, where: string) => void;

/**
 * lal's `log.assert_behavior` for this server: 1 logs an error and goes on (the session concerned has ended), 2 logs and
 * ends the process with status 1, 3 logs and throws, so that Node prints the stack and ends the process.
 * @param assertBehavior its value now
 * @param exit ends the process after writing what is pending
 */
export function createFaultHandler(
  assertBehavior: () => number,
  logger: Logger,
  exit: (status: number) => void,
): FaultHandler {
  return (error, where) => {
    if (assertBehavior() === 1) {
      logger.error({ err: error }, `internal fault in ${where}`);
      return;
    }
    logger.fatal({ err: error }, `internal fault in ${where}`);
    if (assertBehavior() === 3) throw error;
    exit(1);
  };
}
