import type { Logger } from 'pino';

/** Warns that the server can be misused. That is in the log at every level, and even where the log is switched off by its level. */
export function logSecurityWarning(logger: Logger, text: string): void {
  logger.child({}, { level: 'warn' }).warn(`SECURITY: ${text}`);
}
