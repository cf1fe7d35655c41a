/** The server as a library: make a config, make a server, start it. */
export { createServer, MediaServer, type MediaServerOptions } from '../server/media-server.ts';
export { type RecordingStatus, type RecordService } from '../server/record-service.ts';
export { type RecordKind } from '../output/record/record-format.ts';
export * from '../server/config/server-config.ts';
export { type ConfigListener, type ReloadReport } from '../server/config/config-store.ts';
export { type ConfigReload, type ConfigSource } from '../server/config/config-reloader.ts';
export { ConfigError, type ConfigErrorCode, type ConfigFinding } from '../server/config/config-finding.ts';
export { type ReloadEffect } from '../server/config/reload-effects.ts';
export { builtInConfig } from '../server/config/built-in-config.ts';
export { type BlacklistEntry, type IpBlacklist } from '../server/auth/ip-blacklist.ts';
export { lalSecretOf } from '../server/auth/lal-secret.ts';
export { signedQuery, type SignedAction, type SignedGrant } from '../server/auth/signed-query.ts';
export { loadConfigFile, parseConfig } from '../server/config/load-config.ts';
export { createLogger } from '../server/logging/create-logger.ts';
export { ListenError } from '../server/listener.ts';
export { ProtocolError } from '../bytes/protocol-error.ts';
export * from '../media/end-reason.ts';
